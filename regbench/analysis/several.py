"""Three or more methods: the first with each other, or all pairs, and their ranks over datasets."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regbench import variants
from regbench.analysis import order, scale, shared_seeds
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import comparable
from regbench.analysis.compare import Comparison, check, of_comparable
from regbench.analysis.drawn_rows import Kept
from regbench.analysis.ranks import Ranks, rank
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from pandas import DataFrame


class Losses(NamedTuple):
    """The numbers of one method by dataset and seed, lower is better; one for all seeds if it ignores them."""

    by: dict[str, dict[int, float]]
    once: bool


@dataclass(frozen=True)
class Several:
    """Comparisons of several methods, each corrected for all of them, and ranks.

    Attributes:
        names: as asked for, or for all pairs in the order of tables.
        comparisons: of the first with each other, or of all pairs.
        all_pairs: whether of all pairs.
        ranks: of all methods, with Friedman's test or the reason for its refusal.
        win_rates: share of runs in which the row's method (in the order of `ranks.names`) beats the column's, seeds
            averaged within datasets and then datasets; ties count half. None for a pair without a common seed.
        left_out: pairs that could not be compared, with the reason.
    """

    names: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    all_pairs: bool
    ranks: Ranks
    win_rates: tuple[tuple[float | None, ...], ...]
    left_out: tuple[str, ...]

    @property
    def decided(self) -> bool:
        """Whether the data decide every comparison."""
        return not self.left_out and all(found.decided for found in self.comparisons)

    def data(self) -> dict[str, Any]:
        """Everything as plain data for JSON; null where there is no number."""
        return {
            "benchmark": self.comparisons[0].benchmark if self.comparisons else None,
            "split": sorted({name for found in self.comparisons for name in found.split}),
            "names": self.names,
            "all_pairs": self.all_pairs,
            "decided": self.decided,
            "comparisons": [found.data() for found in self.comparisons],
            "ranks": asdict(self.ranks),
            "win_rates": self.win_rates,
            "left_out": self.left_out,
        }


def compare_several(
    frame: "DataFrame",
    names: Sequence[str] = (),
    *,
    all_pairs: bool = False,
    metric: str = "rmse",
    k: Collection[int] = (),
    rope: float = 0.01,
    level: float = 0.95,
    kept: Kept | None = None,
) -> Several:
    """Compare the first of several methods with each other one, or all pairs; without names all rows at k = 25.

    The arguments are those of `compare`. A pair without a common seed is left out and said.
    """
    from regbench.analysis.select import pick

    asked = tuple(names) or every_row(frame, next(iter(k), None))
    if len(asked) < 2 and not names:
        raise NothingMeasured("a comparison needs two or more methods at k = 25, or at a k that --k names")
    if len(asked) < 2:
        raise UsageError("a comparison is of two or more methods; name them, or compare --all-pairs of a benchmark")
    joined = comparable(frame)
    parts = {name: pick(joined, name, k=next(iter(k), None)) for name in asked}
    pairs = list(combinations(asked, 2)) if all_pairs else [(asked[0], other) for other in asked[1:]]
    given: dict[str, Any] = {"metric": metric, "k": k, "rope": rope, "level": level}
    found, left_out = [], []
    for a, b in pairs:
        try:
            check(frame, a, b, **given)
            found.append(of_comparable(joined, a, b, **given, comparisons=len(pairs), kept=kept))
        except NothingMeasured as error:
            left_out.append(f"{a} and {b}: {error}")
    if not found:
        raise NothingMeasured(left_out[0])
    losses = {name: _losses(part, scale.of(metric)) for name, part in parts.items()}
    ranks = _ranks(losses, asked, level)
    rates = tuple(
        tuple(None if one == other else _win_rate(losses[one], losses[other]) for other in ranks.names)
        for one in ranks.names
    )
    return Several(asked, tuple(found), all_pairs, ranks, rates, tuple(left_out))


def every_row(frame: "DataFrame", k: int | None) -> tuple[str, ...]:
    """The rows of a benchmark at one k that have a number, in the order of tables."""
    at = k or variants.DEFAULT_K
    rows = frame[(frame["k"].isna() | (frame["k"] == at).fillna(value=False)) & frame["test_rmse"].notna()]
    named = rows[["method", "variant"]].drop_duplicates().itertuples(index=False)
    known = sorted({(str(method), str(variant)) for method, variant in named}, key=_place)
    return tuple(variant for _, variant in known)


def _place(row: tuple[str, str]) -> tuple[object, ...]:
    return order.row_key(row[0], row[1], None, None)


def _losses(part: "DataFrame", measure: scale.Scale) -> Losses:
    """The metric as numbers of which lower is better: the log of an error."""
    found: dict[str, dict[int, float]] = {}
    for row in records(part):
        value = null(row[f"test_{measure.about.name}"])
        if value is None or not np.isfinite(value) or (measure.about.is_error and value <= 0):
            continue
        loss = float(np.log(value)) if measure.about.is_error else measure.about.loss(float(value))
        found.setdefault(row["dataset"], {})[int(row["seed"])] = loss
    return Losses(found, shared_seeds.ignores_seed(str(part["method"].iloc[0])))


def _ranks(losses: dict[str, Losses], names: tuple[str, ...], level: float) -> Ranks:
    """Ranks by the mean over the seeds that all methods have on a dataset."""
    common = sorted(set.intersection(*(set(losses[name].by) for name in names)), key=order.dataset_key)
    means = {dataset: _means([losses[name] for name in names], dataset) for dataset in common}
    whole = {dataset: found for dataset, found in means.items() if found is not None}
    return rank(np.array([*whole.values()]).reshape(len(whole), len(names)), names, tuple(whole), level=level)


def _means(methods: list[Losses], dataset: str) -> list[float] | None:
    seeded = [set(method.by[dataset]) for method in methods if not method.once]
    seeds = set.intersection(*seeded) if seeded else set()
    if seeded and not seeds:
        return None
    return [
        float(np.mean([loss for seed, loss in method.by[dataset].items() if method.once or seed in seeds]))
        for method in methods
    ]


def _win_rate(one: Losses, other: Losses) -> float | None:
    shares = []
    for dataset in sorted(one.by.keys() & other.by.keys()):
        mine, theirs = one.by[dataset], other.by[dataset]
        pairs = [
            (x, y)
            for seed, x in mine.items()
            for other_seed, y in theirs.items()
            if seed == other_seed or one.once or other.once
        ]
        if pairs:
            shares.append(float(np.mean([(x < y) + (x == y) / 2 for x, y in pairs])))
    return float(np.mean(shares)) if shares else None
