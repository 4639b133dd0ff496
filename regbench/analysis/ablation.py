"""The effect of changing one part of a method: each variant against the method's defaults, paired by seed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regbench import catalog, kinds, variants
from regbench.analysis import order
from regbench.analysis.aggregate import null
from regbench.analysis.comparable import comparable
from regbench.analysis.compare import Comparison, compare
from regbench.analysis.normalize import describe
from regbench.errors import NothingMeasured

if TYPE_CHECKING:
    from pandas import DataFrame

    Rows = dict[tuple[str, str, int | None], DataFrame]  # by method, variant and k

ADVICE = "`regbench run bridges-ablations` trains some"


@dataclass(frozen=True)
class Change:
    """A variant at one k, and how it compares with the method at its defaults and the same k."""

    method: str
    variant: str
    k: int | None
    settings: Mapping[str, object]  # the values that the variant's name gives to its method
    usual: Mapping[str, object]  # the method's hyper-parameters at its defaults
    comparison: Comparison | None  # of the variant (A) with the defaults (B); None where no seed has both
    reason: str  # why there is no comparison; empty where there is one
    diverged: frozenset[str]  # datasets on which every run of the variant diverged

    @property
    def changed(self) -> str:
        """The settings that differ from the defaults, as the variant's name has them."""
        rest = self.variant.removeprefix(self.method)
        return rest[1:-1] if re.fullmatch(r"\[[^\[\]]*\]", rest) else rest

    @property
    def spelled(self) -> str:
        """Its name in notes."""
        return describe(vars(self))


@dataclass(frozen=True)
class Ablation:
    """All changes in the order of tables, and notes on what could not be compared; at least one has a comparison."""

    changes: tuple[Change, ...]
    metric: str
    chosen: bool  # whether a sweep chose any values, of a variant or of the defaults, on validation rows
    notes: tuple[str, ...]


def ablate(frame: "DataFrame", *, metric: str = "rmse") -> Ablation:
    """Compare every variant of a method in a frame of cells with the method's defaults at the same k.

    Reference models are ignored. Raises `NothingMeasured` where there is no variant, or no pair of runs.
    """
    planned = [key for key in _by_row(frame) if not kinds.is_reference(key[0])]
    rows = comparable(frame)
    left_out = rows.attrs.get("left_out", [])
    here = _by_row(rows)
    wanted = sorted(
        (key for key in planned if key[0] != key[1]),
        key=lambda key: (order.method_key(key[0]), order.natural(key[1]), key[2] or 0),
    )
    beside = [(method, variant, k) for method, variant, k in wanted if (method, method, k) in planned]
    alone = sorted({method if k is None else f"{method} at k = {k}" for method, _, k in set(wanted) - set(beside)})
    notes = [f"not compared because the defaults were not planned: variants of {', '.join(alone)}"] if alone else []
    if not beside:
        why = f"; {notes[0]}" if alone else f"; {ADVICE}"
        raise NothingMeasured(f"no variant here can be compared with its method's defaults{why}")
    changes = tuple(_change(here, key, metric) for key in beside)
    if not any(change.comparison for change in changes):
        raise NothingMeasured(f"no change here can be compared: {changes[0].reason}")
    chosen = "swept" in frame and bool(frame["swept"].map(bool).any())
    return Ablation(changes, metric, chosen, (*notes, *left_out))


def _by_row(frame: "DataFrame") -> "Rows":
    groups = frame.groupby(["method", "variant", "k"], dropna=False, sort=False)
    return {(str(method), str(variant), null(k)): group for (method, variant, k), group in groups}


def _change(rows: "Rows", key: tuple[str, str, int | None], metric: str) -> Change:
    import pandas as pd

    method, variant, k = key
    mine, base = rows.get(key), rows.get((method, method, k))
    comparison, reason = None, "its runs, or those of the defaults, are of another version of the data or of a protocol"
    if mine is not None and base is not None:
        both = pd.concat([mine, base], ignore_index=True)
        both.attrs = {}
        try:
            comparison = compare(both, variant, method, metric=metric, k=() if k is None else (k,))
            reason = ""
        except NothingMeasured as error:
            reason = str(error)
    return Change(
        method=method,
        variant=variant,
        k=k,
        settings=variants.settings(variant),
        usual={} if base is None else _usual(method, base),
        comparison=comparison,
        reason=reason,
        diverged=frozenset() if mine is None else _diverged(mine),
    )


def _usual(method: str, base: "DataFrame") -> Mapping[str, Any]:
    """The hyper-parameters that the defaults were trained with; the catalog's where none are recorded."""
    if "hparams" in base:
        return next((given for given in base["hparams"] if isinstance(given, dict)), {})
    return catalog.row(method).hparams if method in catalog.rows() else {}


def _diverged(rows: "DataFrame") -> frozenset[str]:
    lost = rows["diverged"].astype("boolean").fillna(value=False).groupby(rows["dataset"]).all()
    return frozenset(map(str, lost.index[lost]))
