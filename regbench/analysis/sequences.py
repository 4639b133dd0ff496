"""Which seeds of a benchmark were added until two methods could be told apart, at which looks, as it is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from regbench import variants
from regbench.analysis.aggregate import null
from regbench.analysis.select import pick
from regbench.analysis.sequential import SHARE, SPENDING, Looks, spendable

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.analysis.compare import Comparison

SEQUENTIAL = "sequential"  # in the configuration of a stored benchmark


@dataclass(frozen=True)
class Row:
    """A row of tables: its label, and k where the method depends on it."""

    variant: str
    k: int | None

    @property
    def name(self) -> str:
        """As the command line takes it: `soft_binning[k=5]`."""
        if self.k is None:
            return self.variant
        first, *added = variants.read(self.variant)
        return "+".join(map(str, (variants.Part(first.name, (*first.settings, ("k", str(self.k)))), *added)))

    @classmethod
    def of(cls, frame: "DataFrame", name: str, k: int | None = None) -> "Row":
        """The row that a name means in a frame; `k` if the name has none."""
        first = pick(frame, name, k=k).iloc[0]
        k = null(first["k"])
        return cls(str(first["variant"]), None if k is None else int(k))


@dataclass(frozen=True)
class Look:
    """A look at the data.

    fraction: of the pairs of seeds that were planned.
    pairs: those of each dataset.
    level: of the interval by itself, with which all looks hold at once.
    percent, low, high: the difference and the interval as `Overall` has them.
    jobs, core_seconds: trained since the look before.
    """

    fraction: float
    pairs: Mapping[str, int]
    level: float
    verdict: str
    percent: float
    low: float | None
    high: float | None
    jobs: int = 0
    core_seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """A planned number of looks, up to `most` pairs of seeds over all datasets.

    seeds: how many the benchmark has besides its own, if all are needed on one dataset.
    share: the part of the rate of false verdicts that it spends.
    """

    planned: int
    most: int
    seeds: int
    budget_s: float
    share: float
    looks: tuple[Look, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether all of its looks were made."""
        return len(self.looks) >= self.planned

    def of_looks(self, *more: float) -> Looks:
        """Its looks, and further ones at these fractions."""
        return Looks((*(look.fraction for look in self.looks), *more), self.planned, self.share)


@dataclass(frozen=True)
class Sequential:
    """Two rows of a benchmark whose seeds were added until the verdict between them was clear.

    base: the benchmark without the added seeds.
    plans: one after the other; each spends a part of what the ones before have left of the rate of false verdicts.
    """

    base: str
    a: Row
    b: Row
    metric: str
    rope: float
    level: float
    plans: tuple[Plan, ...] = ()

    @property
    def looks(self) -> list[Look]:
        """Every look, in order."""
        return [look for plan in self.plans for look in plan.looks]

    @property
    def boundary(self) -> Looks | None:
        """The looks of the last plan that has any: what corrects the intervals of the present data."""
        return next((plan.of_looks() for plan in reversed(self.plans) if plan.looks), None)

    def next_plan(self, datasets: int, **plan: Any) -> "Sequential":
        """The same with a further plan, for so many datasets."""
        left = spendable(datasets) - sum(plan.share for plan in self.plans)
        return replace(self, plans=(*self.plans, Plan(**plan, share=SHARE * left)))

    def with_look(self, look: Look) -> "Sequential":
        """The same with a further look of the last plan."""
        *before, last = self.plans
        return replace(self, plans=(*before, replace(last, looks=(*last.looks, look))))

    def is_between(self, one: Row, other: Row, metric: str) -> bool:
        """Whether these rows are the two, in either order, and the metric is the same."""
        return {one, other} == {self.a, self.b} and metric == self.metric

    def data(self) -> dict[str, Any]:
        """Everything as plain data; `of_config` is the inverse."""
        return {**asdict(self), "spending": SPENDING}


def planned(benchmark: str, jobs: Iterable[tuple[str, str, int | None]]) -> "DataFrame":
    """The rows of jobs (method, label, k) that may not be stored yet, as far as `Row.of` needs them."""
    from pandas import DataFrame

    columns = ("method", "variant", "k")
    return DataFrame([*jobs], columns=[*columns]).astype({"k": "Int64"}).assign(benchmark=benchmark)


def of_config(config: Mapping[str, Any]) -> list[Sequential]:
    """The sequences that the configuration of a stored benchmark has."""
    return [_read(told) for told in config.get(SEQUENTIAL, ())]


def _read(told: Mapping[str, Any]) -> Sequential:
    plans = tuple(Plan(**{**plan, "looks": tuple(Look(**look) for look in plan["looks"])}) for plan in told["plans"])
    simple = {name: told[name] for name in ("base", "metric", "rope", "level")}
    return Sequential(**simple, a=Row(**told["a"]), b=Row(**told["b"]), plans=plans)


def between(
    found: Sequence[Sequential], frame: "DataFrame", a: str, b: str, k: int | None, metric: str
) -> Sequential | None:
    """Of the sequences of a benchmark, the one between two methods of its frame; None if there is none."""
    if not found:
        return None
    one, other = Row.of(frame, a, k), Row.of(frame, b, k)
    return next((each for each in found if each.is_between(one, other, metric)), None)


def caution(found: Sequence[Sequential], own: Sequential | None, comparison: "Comparison") -> tuple[str, ...]:
    """What to know of a comparison in a benchmark whose seeds were added by looking at verdicts."""
    others = [each for each in found if each is not own and each.looks]
    notes = [
        f"seeds were added until {each.a.name} and {each.b.name} could be told apart by {each.metric}: of what is said "
        "here without that boundary, the stated rates are not exact"
        for each in others
        if own is None
    ]
    if own and own.looks and {part.dataset: part.n for part in comparison.datasets} != dict(own.looks[-1].pairs):
        notes.append("the pairs are not those of the last look: the boundary is that of its planned pairs")
    return tuple(notes)
