"""What several runs of the same jobs say together: how many agree to the last bit, and how large the others' effect is.

The job and the code of such runs are the same, so a difference measures the environment.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regbench.store import Pair


@dataclass(frozen=True)
class OfMetric:
    """How large the effect is on one metric.

    jobs: how many differ in it.
    largest, relative: the largest difference of any epoch, and the largest relative one; None if none was finite.
    where: the job with the largest difference.
    """

    metric: str
    jobs: int
    largest: float | None
    relative: float | None
    where: str


@dataclass(frozen=True)
class Environments:
    """Two environments, what differs between them, and how many jobs differ."""

    one: str
    other: str
    unlike: tuple[tuple[str, str, str], ...]
    jobs: int


@dataclass(frozen=True)
class Agreement:
    """The jobs that several runs by the same code have finished; `differing` are the pairs of runs that disagree."""

    jobs: int
    alike: int
    numbers: int
    differing: "tuple[Pair, ...]"
    metrics: tuple[OfMetric, ...]
    environments: tuple[Environments, ...]

    def data(self) -> dict[str, Any]:
        """Everything as plain data."""
        pairs = [
            {**asdict(pair), "change": pair.change, "unlike": [list(each) for each in pair.unlike]}
            for pair in self.differing
        ]
        return {**asdict(self), "differing": pairs}


def agreement(pairs: "Sequence[Pair]") -> Agreement:
    """Sum up pairs of runs, as `Store.witnesses` gives them."""
    differing = tuple(pair for pair in pairs if not pair.alike)
    jobs, unlike = {pair.key for pair in pairs}, {pair.key for pair in differing}
    return Agreement(
        jobs=len(jobs),
        alike=len(jobs - unlike),
        numbers=sum(pair.numbers for pair in pairs),
        differing=differing,
        metrics=tuple(_metrics(differing)),
        environments=tuple(_environments(differing)),
    )


def _metrics(differing: "Sequence[Pair]") -> list[OfMetric]:
    """The metrics that differ, those in which the most jobs do first."""
    by_metric: dict[str, list[Pair]] = defaultdict(list)
    for pair in differing:
        for name in pair.effects:
            by_metric[name].append(pair)
    found = []
    for name, pairs in by_metric.items():
        worst = max(pairs, key=lambda pair: (pair.effects[name].largest is None, pair.effects[name].largest or 0.0))
        sizes = [pair.effects[name].largest for pair in pairs]
        shares = [pair.effects[name].relative for pair in pairs]
        found.append(
            OfMetric(
                name,
                len({pair.key for pair in pairs}),
                max((size for size in sizes if size is not None), default=None),
                max((share for share in shares if share is not None), default=None),
                f"{worst.dataset} {worst.label}",
            )
        )
    return sorted(found, key=lambda each: (-each.jobs, each.metric))


def _environments(differing: "Sequence[Pair]") -> list[Environments]:
    by_kind: dict[tuple[str, str, tuple[tuple[str, str, str], ...]], set[str]] = defaultdict(set)
    for pair in differing:
        by_kind[named(pair.counts.host), named(pair.other.host), pair.unlike].add(pair.key)
    found = [Environments(one, other, unlike, len(keys)) for (one, other, unlike), keys in by_kind.items()]
    return sorted(found, key=lambda each: (-each.jobs, each.one, each.other))


def named(host: str | None) -> str:
    """The name of a machine; of an export that lacks it, words."""
    return host or "a machine not recorded"
