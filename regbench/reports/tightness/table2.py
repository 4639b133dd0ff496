"""Table 2 of "Improving Deep Regression with Tightness": RMSE and δ1 on NYUD2-DIR by shots, ours beside the paper's."""

import pandas as pd

from regbench.papers import tightness
from regbench.reports.report import Beside, Options, Report, Table
from regbench.reports.tightness import cells
from regbench.reports.tightness.cells import Numbers

OURS = "tightness-nyud2"
SHOTS = {"all": "ALL", "many": "Many", "median": "Med.", "few": "Few"}
COLUMNS = {
    f"{metric}_{shot}": f"{label} {name}"
    for metric, label in (("rmse", "RMSE"), ("delta1", "δ1"))
    for shot, name in SHOTS.items()
}
METRICS = {column: "/".join(reversed(column.removesuffix("_all").split("_"))) for column in COLUMNS}
HIGHER = tuple(column for column in COLUMNS if column.startswith("delta1"))


def compute(given: Beside, options: Options) -> Numbers:
    """RMSE and δ1 of each row, over all test pixels and over those of depths with many, a median number and few."""
    frame = given.cells.get(OURS)
    rows = cells.beside(tightness.table2(), cells.measured(frame, METRICS), HIGHER)
    rows = cells.chosen(rows, options)
    notes = (
        "every bucket of 0.1 m counts the same; δ1 is the share of pixels within a factor of 1.25, higher is better",
        f"PH-Reg: {tightness.MISPRINTS['table2', 'lsq+ph_reg']} (`regbench verify tightness`)",
        *cells.defaults(rows),
        "there is no validation split: the epoch of the paper's numbers is the one of lowest test RMSE",
        *cells.gaps(rows, OURS),
        *cells.made_up(frame),
        *cells.notes_of(frame),
    )
    return Numbers(rows, cells.source(frame, options), notes)


def table(numbers: Numbers) -> Table:
    """A grid of ours and one of the paper's: methods by metric and shots."""
    caption = (
        "Table 2, test RMSE in metres and δ1 on NYUD2-DIR by shots, mean ± standard deviation over seeds. "
        f"{cells.seeds(numbers.source, numbers.rows, 'the paper prints no spread')}"
    )
    return cells.stacked(caption, numbers.rows, COLUMNS, numbers.notes, "The paper's own Table 2")


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """One row per cell, ours and the paper's."""
    return {"rows": cells.in_full(numbers.rows)}


REPORT = Report(
    title="Table 2: NYUD2-DIR by shots",
    compute=compute,
    table=table,
    frames=frames,
    needs="beside",
    shows=("tightness-nyud2",),
    metrics=("many/rmse", "median/rmse", "few/rmse", "delta1", "many/delta1", "median/delta1", "few/delta1"),
)
