"""The words around the numbers: captions, cells and notes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from regbench import catalog, metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.errors import some
from regbench.job import DECIDE, folds_of
from regbench.reports.report import Options

MISSING, DIVERGED = "–", "div"
EXACT = 12  # decimals that are not rounding noise in a mean of float64 errors


SPLITS = {
    "fixed": "fixed, the same for every seed",
    "grouped": "fixed, with rows of equal inputs together",
    "per_seed": "drawn anew for each seed",
}


class Seeds(NamedTuple):
    """The number of seeds of a cell, and how many were planned."""

    n: int
    planned: int


def usual_seeds(cells: pd.DataFrame) -> Seeds:
    """The number of seeds that most measured cells have."""
    counts = Counter(_seeds(row) for row in records(cells) if row["n"])
    return max(counts, key=lambda seeds: (counts[seeds], seeds), default=Seeds(0, 0))


def source(frame: pd.DataFrame, options: Options) -> str:
    """Where the numbers come from: the benchmark, and how the epoch was chosen."""
    names = sorted(set(frame["benchmark"].dropna())) if "benchmark" in frame else []
    name = options.benchmark or frame.attrs.get("benchmark") or ", ".join(names)
    chosen = "at the last epoch" if options.select == "last" else best_epoch(frame.attrs.get("decides", ()))
    return (f"Benchmark {name}, " if name else "") + chosen


def best_epoch(decides: Sequence[str]) -> str:
    """How the epoch is chosen, from the validation metrics that the protocols of the benchmark name.

    >>> best_epoch([]), best_epoch(["val/r2"])
    ('at the epoch of lowest validation RMSE', 'at the epoch of highest validation R²')
    """
    deciding = map(metrics.about_val, decides or (DECIDE,))
    return "at the epoch of " + " or ".join(f"{metric.better}est validation {metric.label}" for metric in deciding)


def split(names: Sequence[str]) -> str:
    """How rows were divided into parts.

    >>> split(["fixed"]), split(["kfold[5]"]), split([])
    ('fixed, the same for every seed', '5 folds, one for each seed in turn', 'not recorded')
    """
    return " and ".join(SPLITS.get(name, _folds(name)) for name in names) or "not recorded"


def _folds(name: str) -> str:
    folds = folds_of(name)
    return f"{folds} folds, one for each seed in turn" if folds else name


def seeds(cells: pd.DataFrame) -> str:
    """How many seeds the cells have, for captions; a cell with another number says so."""
    usual = usual_seeds(cells)
    alike = all(_seeds(row) == usual for row in records(cells) if row["n"])
    planned = "" if usual.n == usual.planned else f" of {usual.planned} planned"
    spread = " (one seed: no spread)" if usual.n == 1 else ""
    return f"N = {usual.n}{planned} per cell{spread}" + ("" if alike else " unless (n/planned) says otherwise")


def seeds_in_figures(cells: pd.DataFrame) -> str:
    """How many seeds the cells have, for figures, which have no room to say it for each."""
    return seeds(cells).replace(" unless (n/planned) says otherwise", " but not in all")


def cell(
    row: Any, value: float | None, spread: float | None, usual: Seeds, digits: tuple[str, str] = (".3f", ".3f")
) -> str:
    """One cell: mean ± standard deviation, and the number of seeds if it is not the usual one."""
    if not row["n"]:
        return DIVERGED if row["diverged"] else MISSING
    if not has(value):
        return MISSING
    shown = number(value, digits[0]) + (f" ± {number(spread, digits[1])}" if has(spread) else "")
    return shown if _seeds(row) == usual else f"{shown} ({row['n']}/{row['n_expected']})"


def number(value: Any, form: str) -> str:
    """A number in a format, never with an exponent, and without rounding noise far below the digits shown.

    >>> number(0.0000812, "#.2g"), number(0.5, ".3f")
    ('0.000081', '0.500')
    >>> number(6.2e-17, "#.2g")
    '0.0'
    """
    return f"{Decimal(f'{round(value, EXACT):{form}}'):f}"


def _seeds(row: Any) -> Seeds:
    return Seeds(int(row["n"]), int(row["n_expected"]))


def has(value: Any) -> bool:
    """Whether there is a number."""
    return not pd.isna(value)


def gaps(cells: pd.DataFrame) -> list[str]:
    """Notes on the marks of empty cells, if there are any, and on runs that diverged."""
    empty = cells[cells["n"] == 0]
    notes = []
    if (empty["diverged"] == 0).any():
        notes.append(f"{MISSING}: no finished run")
    if (empty["diverged"] > 0).any():
        notes.append(f"{DIVERGED}: every run diverged")
    partly = cells[(cells["n"] > 0) & (cells["diverged"] > 0)]
    if count := int(partly["diverged"].sum()):
        named = [f"{_cell_name(row)} ({row['diverged']} of {row['n_expected']})" for row in records(partly)]
        notes.append(f"{count} run{'s' * (count > 1)} diverged, and so in no mean: {some(named)}")
    return notes


def signed(percent: float, unit: str = "") -> str:
    """A difference in percent to two decimals, with its sign.

    >>> signed(-0.001), signed(1.5, " %")
    ('+0.00', '+1.50 %')
    """
    return f"{round(percent, 2) + 0.0:+.2f}{unit}"


def interval(low: float | None, high: float | None, unit: str = "") -> str:
    """An interval of two differences."""
    if low is None or high is None or not (has(low) and has(high)):
        return MISSING
    return f"{signed(low)} to {signed(high, unit)}"


def _cell_name(row: dict[str, Any]) -> str:
    at = f" k = {row['k']}" if has(row["k"]) else ""
    return f"{order.alias(row['dataset'])} {row['variant']}{at}"


def synthetic(frame: pd.DataFrame, datasets: Iterable[str]) -> list[str]:
    """The notes that mark synthetic data in every table that shows them."""
    shown = set(datasets)
    stand_ins = [str(dataset) for dataset in frame.attrs.get("synthetic", ()) if dataset in shown]
    return [
        *([f"SYNTHETIC stand-in, not the real data: {', '.join(stand_ins)}"] if stand_ins else []),
        *generated(shown),
    ]


def generated(datasets: Iterable[str]) -> list[str]:
    """The notes on datasets of the catalog that a formula or a simulation generates."""
    known = sorted({*datasets} & set(catalog.names("datasets")))
    said = {dataset: catalog.entry("datasets", dataset).arguments for dataset in known}
    made = [dataset for dataset in known if said[dataset].get("synthetic")]
    by = {"a formula": [name for name in made if not said[name].get("simulated")],
          "a simulation": [name for name in made if said[name].get("simulated")]}  # fmt: skip
    return [f"SYNTHETIC, generated by {how}: {', '.join(map(_named, names))}" for how, names in by.items() if names]


def _named(dataset: str) -> str:
    """The short and the full name of a dataset."""
    return f"{order.alias(dataset)} ({dataset})"


def setting(value: Any) -> str:
    """A k or λ_σ as a table shows it; nothing where the method has none."""
    return f"{value:g}" if has(value) else ""


def average(value: Any, spread: Any = None, decimals: int = 3) -> str:
    """A mean over datasets, with its standard deviation over seeds where there is one."""
    if not has(value):
        return MISSING
    return f"{value:.{decimals}f}" + (f" ± {spread:.{decimals}f}" if has(spread) else "")
