"""How good predicted distributions are: CRPS, and the likelihood where there is a density, on test rows."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from pandas import DataFrame

from regbench import catalog
from regbench.analysis import aggregate, select
from regbench.errors import NothingMeasured
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import marking, tables, units
from regbench.reports.text import marks, words

SCORES = {"crps": "Test CRPS", "nll": "Test negative log-likelihood, nats"}
POINT = "="  # before the score of a point prediction
MEASURED = ("rmse", "mae", *SCORES)


@dataclass(frozen=True)
class Numbers:
    """One row per cell with the mean and standard deviation of each score, and their notes."""

    rows: DataFrame
    source: str
    notes: tuple[str, ...]
    digits: int | None = None


def compute(frame: DataFrame, options: Options) -> Numbers:
    """The cells of a benchmark whose methods predict distributions; the CRPS of a point prediction is its MAE."""
    shown = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    cells = aggregate(shown, metrics=MEASURED)
    if not any(cells[f"{name}_mean"].notna().any() for name in SCORES):
        raise NothingMeasured(
            "no run here has a score of the distribution it predicts: its method predicts none, or it was trained "
            "before there were scores"
        )
    known = _points(set(cells["method"]))
    points = cells["method"].isin(known)
    for part in ("mean", "std"):
        cells[f"crps_{part}"] = cells[f"crps_{part}"].where(~points, cells[f"mae_{part}"])
    judged = shown.assign(test_crps=shown["test_crps"].where(~shown["method"].isin(known), shown["test_mae"]))
    rows = marking.marked(cells, list(SCORES), judged, point=points)
    notes = (
        *words.synthetic(frame, rows["dataset"]),
        *marking.untold(rows, "crps"),
        *([f"{POINT} marks a method that predicts a point, whose CRPS is its MAE"] if points.any() else []),
        *words.gaps(rows),
        *_unscored(rows),
        *rows.attrs.get("left_out", ()),
    )
    return Numbers(rows, words.source(frame, options), notes, options.digits)


def table(numbers: Numbers) -> Table:
    """A grid for each score: rows by datasets."""
    usual = words.usual_seeds(numbers.rows)
    caption = (
        "Proper scores of predicted distributions on test rows, lower is better, mean ± standard deviation over "
        f"seeds. CRPS is in {units.named(numbers.rows)}. {numbers.source}; {words.seeds(numbers.rows)}."
    )
    blocks = []
    for name, title in SCORES.items():
        scored = numbers.rows.groupby(tables.ROW, dropna=False)[f"{name}_mean"].transform("count") > 0
        if scored.any():
            blocks.append(tables.block(title, numbers.rows[scored], partial(_cell, name, usual, numbers.digits)))
    return marking.explained(tables.stacked(caption, blocks, numbers.notes), "lowest mean")


def _points(methods: set[str]) -> set[str]:
    """The methods whose files name no scores, and the reference models: they predict points."""
    baselines = methods & set(catalog.names("baselines"))
    own = methods & set(catalog.names("methods"))
    return baselines | {name for name in own if "scores" not in catalog.entry("methods", name).arguments}


def _cell(name: str, usual: words.Seeds, digits: int | None, row: dict[str, Any]) -> str:
    shown = tables.error(row, name, usual, digits)
    return marks.add(POINT, shown) if row["point"] and row["n"] else shown


def _unscored(rows: DataFrame) -> list[str]:
    """A note on the number of cells whose runs have no scores."""
    count = int(((rows["n"] > 0) & rows["crps_mean"].isna()).sum())
    return (
        [f"{count} cell{'s' * (count != 1)} with runs from before there were scores: {words.MISSING}"] if count else []
    )


REPORT = Report(
    title="Proper scores of predicted distributions: CRPS and likelihood",
    compute=compute,
    table=table,
    has_digits=True,
)
