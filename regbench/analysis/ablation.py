"""What changing one part of a method does: each variant against the method at its defaults, paired by seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.analysis import order, variants
from regbench.analysis.aggregate import null, records
from regbench.analysis.compare import Comparison, compare
from regbench.errors import NothingMeasured

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Change:
    """A variant at one k, and how it compares with the method at its defaults and the same k."""

    method: str
    variant: str
    k: int | None
    settings: Mapping[str, object]  # the values in the variant's name
    comparison: Comparison | None  # of the variant (A) with the defaults (B); None where no seed has both
    reason: str  # why there is none

    @property
    def changed(self) -> str:
        """What differs from the defaults, as the variant's name says it."""
        return self.variant.removeprefix(self.method).strip("[]")


@dataclass(frozen=True)
class Ablation:
    """All changes in the order of tables, and what could not be compared."""

    changes: tuple[Change, ...]
    metric: str
    notes: tuple[str, ...]


def ablate(frame: "DataFrame", *, metric: str = "rmse") -> Ablation:
    """Every variant of a frame of cells against its own method's defaults at the same k."""
    rows = frame[["method", "variant", "k"]].drop_duplicates()
    keys = sorted(
        ((row["method"], row["variant"], null(row["k"])) for row in records(rows)),
        key=lambda key: (order.method_key(key[0]), order.natural(key[1]), key[2] or 0),
    )
    changes, alone = [], set()
    for method, variant, k in keys:
        if variant == method or catalog.is_baseline(method):
            continue
        if (method, method, k) in keys:
            changes.append(_change(frame, method, variant, k, metric))
        else:
            alone.add(method if k is None else f"{method} at k = {k}")
    if not changes:
        raise NothingMeasured(
            "no variant here stands beside its method's defaults: `regbench run bridges-ablations` trains such"
        )
    left = [f"not compared, for the defaults were not planned: variants of {', '.join(sorted(alone))}"] * bool(alone)
    said = [note for each in changes if each.comparison for note in each.comparison.notes]
    return Ablation(tuple(changes), metric, (*left, *dict.fromkeys(said)))


def _change(frame: "DataFrame", method: str, variant: str, k: int | None, metric: str) -> Change:
    mine = frame[(frame["method"] == method) & (frame["k"].isna() if k is None else frame["k"] == k)]
    mine.attrs = {}
    comparison, reason = None, ""
    try:
        comparison = compare(mine, variant, method, metric=metric, k=() if k is None else (k,))
    except NothingMeasured as error:
        reason = str(error)
    return Change(method, variant, k, variants.settings(variant), comparison, reason)
