"""What claims of papers are made of: statements about cells, in a small closed vocabulary.

Reading them needs no numbers; `regbench.analysis.claims` checks them against tables and runs.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from regbench.errors import did_you_mean


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Where = Literal[
    "everywhere", "somewhere", "mostly"
]  # for all (dataset, k) in question, at least one, or more than half
Rows = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
Ks = Annotated[tuple[int | None, ...], BeforeValidator(_listed), Field(min_length=1)]
Datasets = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Fraction = Annotated[float, Field(gt=0)]


class Predicate(BaseModel):
    """A statement about cells. A row is a method as users write it; `k` applies to rows that do not give their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OverCells(Predicate):
    """A predicate evaluated for each dataset and k separately; no `datasets` means all of the paper's."""

    k: Ks = (None,)
    datasets: Datasets = ()
    where: Where = "everywhere"


class Lowest(OverCells):
    """The row's error is below that of every other row in `among`."""

    row: str
    among: Rows


class Improves(OverCells):
    """Each of the rows has a lower error than each of the others."""

    rows: Rows
    over: Rows


class Similar(OverCells):
    """The two rows' errors differ by at most `by` of either."""

    row: str
    to: str
    by: Fraction


class ShareOfGain(OverCells):
    """The gain of `row` over `over` is less than the fraction `below` of the gain of `of` over `over`."""

    row: str
    of: str
    over: str
    below: Fraction


class NearBest(OverCells):
    """The row's error is at most `by` above that of every other row in `among`."""

    row: str
    among: Rows
    by: Fraction


class AmongRows(Predicate):
    """A predicate about the same rows, each at each of the ks, evaluated for each dataset separately."""

    rows: Rows
    k: Ks = (None,)
    datasets: Datasets = ()

    @property
    def choices(self) -> list[tuple[str, int | None]]:
        """The rows at each of the ks."""
        return [(row, k) for row in self.rows for k in self.k]


class VariesLittle(AmongRows):
    """Between any two of the rows and ks the error differs by at most `by`."""

    by: Fraction
    where: Where = "everywhere"


class NoSingleBest(AmongRows):
    """No one of the rows and ks is within `by` of the lowest on all datasets; `by: 0` asks for the lowest itself."""

    by: Annotated[float, Field(ge=0)]


class OverKs(Predicate):
    """A predicate about one row at several k, evaluated for each dataset separately."""

    row: str
    datasets: Datasets = ()
    where: Where = "everywhere"


class NoGainBeyond(OverKs):
    """The error at `k` is at most `by` above the one at each of the ks `up_to`."""

    k: int
    up_to: Ks
    by: Fraction


class FallsWithK(OverKs):
    """The error at each of the ks is below the one before."""

    k: Annotated[Ks, Field(min_length=2)]


class OverMeans(Predicate):
    """A predicate about means of relative errors over datasets, for any kind of mean."""

    datasets: Datasets = ()


class MeanImprovement(OverMeans):
    """The mean over datasets of the row's error relative to `over` is `about` below 1, rounded to `to_the`."""

    row: str
    over: str
    k: int | None = None
    about: Fraction
    to_the: Fraction  # what `about` is rounded to: 0.01 for whole percents


class OrderOfMeans(OverMeans):
    """Ordered by the means: each row of a group is below all rows of the next group."""

    order: Annotated[tuple[Rows, ...], Field(min_length=2)]
    k: int | None = None


class SameOrderForEveryK(OverMeans):
    """The order of the rows by the means is the same for every k."""

    rows: Rows
    k: Ks


class OfSweep(Predicate):
    """A predicate about the values that a sweep tried for a setting of a row, at each k."""

    setting: str
    of: str
    k: Ks
    datasets: Datasets = ()


class BestSettingDiffers(OfSweep):
    """At each k, the values a sweep chose for a setting of the row differ between datasets."""


class NoSingleSetting(OfSweep):
    """At each k, no one value that a sweep tried is best, or as good as the best, on all datasets.

    As good is a validation error at most `by` above the lowest; or one that other seeds could well turn, by `noise`.
    """

    by: Fraction | Literal["noise"]


class SettingMattersLittle(OfSweep):
    """At each k and on each dataset, values from `low` to `high` are at most `by` above the best on validation."""

    low: float
    high: float
    by: Fraction


class Agrees(Predicate):
    """A number computed from two cells is `about` as much, rounded to `to_the`, in each of the columns.

    Printed numbers agree if what their rounding leaves open and what the rounding of `about` leaves open have values in
    common: that can be refuted, but never be shown.
    """

    row: str
    over: str
    about: float
    to_the: Fraction
    datasets: Annotated[Datasets, Field(min_length=1)]


class Difference(Agrees):
    """The number of `row` is `about` below that of `over`."""


class Increase(Agrees):
    """The number of `row` is `about` above that of `over`, as a share of the latter."""


class AtMost(OverCells):
    """The number of the row is at most `limit`, in the units of its column or of the claim's quantity."""

    row: str
    limit: float


class AtLeast(OverCells):
    """The number of the row is at least `limit`, in the same units."""

    row: str
    limit: float


class AddsUp(Predicate):
    """The number of a whole follows from those of its parts, in each row, within rounding.

    It is their weighted mean, or the root of the weighted mean of their squares if `power` is 2.
    """

    rows: Rows
    whole: str
    parts: Annotated[Mapping[str, Fraction], Field(min_length=2)]  # column → weight
    power: int = 1


class Diverges(OverCells):
    """At least one run of the row diverges."""

    row: str


class Undecidable(Predicate):
    """Neither tables nor runs could decide the sentence: `because` says why."""

    because: Annotated[str, Field(min_length=1)]


class SpanningTree(Predicate):
    """The cheapest transport of these labels to one another uses just the edges of their minimal spanning tree."""

    labels: Annotated[tuple[float, ...], Field(min_length=4)]


class All(Predicate):
    """All parts hold."""

    parts: tuple[Predicate, ...]


class AnyOf(Predicate):
    """At least one part holds."""

    parts: tuple[Predicate, ...]


class Not(Predicate):
    """The part does not hold."""

    part: Predicate


VOCABULARY: dict[str, type[Predicate]] = {
    "lowest": Lowest,
    "improves": Improves,
    "similar": Similar,
    "share_of_gain": ShareOfGain,
    "near_best": NearBest,
    "varies_little": VariesLittle,
    "no_single_best": NoSingleBest,
    "no_gain_beyond": NoGainBeyond,
    "falls_with_k": FallsWithK,
    "mean_improvement": MeanImprovement,
    "order_of_means": OrderOfMeans,
    "same_order_for_every_k": SameOrderForEveryK,
    "best_setting_differs": BestSettingDiffers,
    "no_single_setting": NoSingleSetting,
    "setting_matters_little": SettingMattersLittle,
    "difference": Difference,
    "increase": Increase,
    "at_most": AtMost,
    "at_least": AtLeast,
    "adds_up": AddsUp,
    "diverges": Diverges,
    "undecidable": Undecidable,
    "spanning_tree": SpanningTree,
}
JOINING = ("all", "any", "not")


def read_predicate(data: Any) -> Predicate:
    """A predicate from `{lowest: {row: end2end, ...}}`; `all` and `any` combine several, `not` negates one."""
    if isinstance(data, Predicate):
        return data
    if not isinstance(data, Mapping) or len(data) != 1:
        raise ValueError(f"a predicate is one name with its fields, such as `lowest: {{...}}`, not {data!r}")
    ((name, fields),) = data.items()
    match name:
        case "all":
            return All(parts=tuple(map(read_predicate, _listed(fields))))
        case "any":
            return AnyOf(parts=tuple(map(read_predicate, _listed(fields))))
        case "not":
            return Not(part=read_predicate(fields))
    if name not in VOCABULARY:
        raise ValueError(f"no predicate called '{name}'{did_you_mean(str(name), [*VOCABULARY, *JOINING])}")
    return VOCABULARY[name].model_validate(fields)


def takes_means(predicate: Predicate) -> bool:
    """Whether a predicate depends on the kind of mean over datasets."""
    match predicate:
        case All() | AnyOf():
            return any(map(takes_means, predicate.parts))
        case Not():
            return takes_means(predicate.part)
    return isinstance(predicate, OverMeans)


def columns(predicate: Predicate) -> tuple[str, ...]:
    """The columns that a predicate names."""
    match predicate:
        case All() | AnyOf():
            return tuple(column for part in predicate.parts for column in columns(part))
        case Not():
            return columns(predicate.part)
        case AddsUp():
            return (predicate.whole, *predicate.parts)
    return getattr(predicate, "datasets", ())


def of_sweep(predicate: Predicate) -> tuple[OfSweep, ...]:
    """The parts of a predicate that are about what sweeps tried."""
    match predicate:
        case All() | AnyOf():
            return tuple(found for part in predicate.parts for found in of_sweep(part))
        case Not():
            return of_sweep(predicate.part)
        case OfSweep():
            return (predicate,)
    return ()
