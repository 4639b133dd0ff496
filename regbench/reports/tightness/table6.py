"""Table 6 of "Improving Deep Regression with Tightness": time and memory, and what was measured of ours."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from regbench.errors import UsageError
from regbench.papers import tightness
from regbench.papers.tightness import METHODS
from regbench.reports.report import Beside, Options, Report, Table
from regbench.reports.shared import tables
from regbench.reports.tightness import cells

COLUMNS = {"minutes": "time, minutes", "megabytes": "memory, MB"}
NOT_MEASURED = "not measured"
MEASURED = {  # columns of the file, and their headers; others are shown as they are called
    "jobs": "jobs in a pack",
    "microseconds": "µs a step, in the pack",
    "added": "added",
    "alone": "µs a step, alone",
    "megabytes": "peak memory, MB",
    "added_megabytes": "added MB",
}


@dataclass(frozen=True)
class Numbers(cells.Numbers):
    """The paper's cells; and the measurements of ours, a row each, with the columns of their file."""

    ours: pd.DataFrame


def compute(given: Beside, options: Options) -> Numbers:
    """The paper's numbers, and the rows of the file that `regbench bench --regularizers` writes."""
    rows = cells.chosen(cells.beside(tightness.table6(), cells.measured(None, {})), options)
    measured = None if given.cost is None else _rows(given.cost)
    ours = pd.DataFrame(measured or [], columns=None if measured else ["method"])
    notes = (
        "the paper trains once at batch size 128, of which task it does not say; it adds a share of memory and minutes "
        "that `regbench verify tightness --claim added-memory --claim added-time` checks",
        "ours are times of a step and peaks of memory of regularizers, on the machine that the file names",
        *(
            []
            if measured
            else [f"{NOT_MEASURED}: `regbench bench --regularizers` does, and --from FOLDER reads its cost.json"]
        ),
    )
    return Numbers(rows, "", notes, ours)


def table(numbers: Numbers) -> Table:
    """The paper's grid, and one of our measurements."""
    paper = cells.grid("The paper's own Table 6", numbers.rows, COLUMNS, [("", lambda row: row["paper"])])
    columns = [*map(str, numbers.ours.columns)]
    columns = [name for name in columns if name not in MEASURED] + [name for name in MEASURED if name in columns]
    records = numbers.ours[columns].itertuples(index=False)
    lines = tuple(
        tuple(_share(value) if name == "added" else _text(value) for name, value in zip(columns, line, strict=True))
        for line in records
    )
    own = Table("", tuple(MEASURED.get(name, name) for name in columns), lines, title="Ours")
    if not lines:
        own = Table("", ("method", "cost"), (("all", NOT_MEASURED),), title="Ours")
    return tables.stacked("Table 6, time and memory, each measured once.", [paper, own], numbers.notes)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The paper's cells, and our measurements."""
    return {"rows": cells.paper_alone(numbers.rows), "measured": numbers.ours}


def _rows(cost: Any) -> list[dict[str, Any]]:
    """The rows of the file: a list of flat records, by itself or under `rows`, also inside the envelope of `--json`."""
    inner = cost.get("data", cost) if isinstance(cost, dict) else cost
    rows = inner.get("rows") if isinstance(inner, dict) else inner
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(
            "cost.json: must have a list of records under `rows`, as `regbench bench --regularizers` writes"
        )
    return [{key: value for key, value in row.items() if not isinstance(value, (list, dict))} for row in rows]


def _share(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{100 * value:+.0f} %"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return "" if value is None else METHODS.get(value, str(value)) if isinstance(value, str) else str(value)


REPORT = Report(
    title="Table 6: time and memory",
    compute=compute,
    table=table,
    frames=frames,
    needs="beside",
    file="cost.json",
)
