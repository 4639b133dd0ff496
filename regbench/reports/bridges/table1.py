"""Table 1 of "Building Bridges": sizes and inputs of the datasets, ours beside the paper's."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from regbench import catalog
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.papers import bridges
from regbench.reports.report import Options, Report, Table
from regbench.reports.text.words import MISSING, has

PROPERTIES = {
    "num_features": "inputs",
    "num_train": "training rows",
    "num_val": "validation rows",
    "num_test": "test rows",
    "batch_size": "batch size",
}


@dataclass(frozen=True)
class Numbers:
    """One row per property and dataset: ours, the paper's, and the reason where they differ."""

    rows: pd.DataFrame


def compute(_frame: pd.DataFrame | None, _options: Options) -> Numbers:
    """What the dataset files say beside what the paper prints."""
    printed = bridges.table1()
    rows = [
        {
            "property": key,
            "dataset": order.full_name(short),
            "alias": short,
            "ours": _ours(order.full_name(short), key),
            "paper": printed[key][short],
        }
        for key in PROPERTIES
        for short in bridges.DATASETS
    ]
    for row in rows:
        differs = row["ours"] is not None and row["ours"] != row["paper"]
        known = bridges.MISPRINTS.get((row["property"], row["alias"]), "no reason known")
        row["differs"], row["reason"] = differs, known if differs else ""
    return Numbers(pd.DataFrame(rows))


def table(numbers: Numbers) -> Table:
    """Properties by datasets; where ours differs the cell shows both, and a note gives the reason."""
    rows = []
    for key, name in PROPERTIES.items():
        mine = numbers.rows[numbers.rows["property"] == key]
        rows.append((name, *(_cell(row) for row in records(mine))))
    caption = (
        "Datasets as the package has them; where the paper's Table 1 prints something else it follows in brackets."
    )
    notes = tuple(
        f"{row['alias']}, {PROPERTIES[row['property']]}: {row['reason']}"
        for row in records(numbers.rows[numbers.rows["differs"]])
    )
    return Table(caption, ("", *bridges.DATASETS), tuple(rows), notes)


def _cell(row: dict[str, Any]) -> str:
    ours = row["ours"] if has(row["ours"]) else MISSING
    return f"{ours} [{row['paper']}]" if row["differs"] else ours


def _ours(dataset: str, key: str) -> str | None:
    arguments = catalog.entry("datasets", dataset).arguments if dataset in catalog.names("datasets") else {}
    sizes = arguments.get("sizes") or (None, None, None)
    values = dict(zip(PROPERTIES, (arguments.get("inputs"), *sizes, arguments.get("batch_size")), strict=True))
    value = values[key]
    if value is None:
        return None
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


REPORT = Report(title="Table 1: the datasets", compute=compute, table=table, needs="catalog")
