"""Table 1 of "Improving Deep Regression with Tightness": MAE on AgeDB-DIR by shots, ours beside the paper's."""

import pandas as pd

from regbench.papers import tightness
from regbench.reports.report import Beside, Options, Report, Table
from regbench.reports.tightness import cells
from regbench.reports.tightness.cells import Numbers

OURS = "tightness-agedb"
COLUMNS = {"mae_all": "ALL", "mae_many": "Many", "mae_median": "Med.", "mae_few": "Few"}
METRICS = {"mae_all": "mae", "mae_many": "many/mae", "mae_median": "median/mae", "mae_few": "few/mae"}


def compute(given: Beside, options: Options) -> Numbers:
    """The MAE of each row over all test images, and over those of many-, median- and few-shot ages."""
    frame = given.cells.get(OURS)
    rows = cells.chosen(cells.beside(tightness.table1(), cells.measured(frame, METRICS)), options)
    notes = (
        "many, median and few: ages with more than 100, with 20 to 100, and with less than 20 images in training",
        *cells.defaults(rows),
        "AgeDB's images may not be passed on: the runs need a folder of them",
        *cells.gaps(rows, OURS),
        *cells.made_up(frame),
        *cells.notes_of(frame),
    )
    return Numbers(rows, cells.source(frame, options), notes)


def table(numbers: Numbers) -> Table:
    """A grid of ours and one of the paper's: methods by shots."""
    caption = (
        "Table 1, test MAE in years on AgeDB-DIR by shots, mean ± standard deviation over seeds. "
        f"{cells.seeds(numbers.source, numbers.rows)}"
    )
    return cells.stacked(caption, numbers.rows, COLUMNS, numbers.notes, "The paper's own Table 1")


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """One row per cell, ours and the paper's."""
    return {"rows": cells.in_full(numbers.rows)}


REPORT = Report(
    title="Table 1: AgeDB-DIR by shots",
    compute=compute,
    table=table,
    frames=frames,
    needs="beside",
    shows=("tightness-agedb",),
    metrics=("many/mae", "median/mae", "few/mae"),
)
