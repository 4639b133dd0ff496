"""Table 3 of "Building Bridges": the weight of the KL term that its sweep chose, ours beside the paper's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from regbench.analysis import order, select
from regbench.analysis.aggregate import null, records
from regbench.analysis.choices import Choices, at, chosen, profile
from regbench.errors import NothingMeasured
from regbench.papers import bridges
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import tables
from regbench.reports.text.words import MISSING, average, has

METHOD, FIELD = "end2end", "lambda_kl"
FLAT = 0.01  # relative: values with an error this near to the lowest count as equally good


@dataclass(frozen=True)
class Numbers:
    """One row per cell of `end2end`: what was chosen and by how much, and the paper's value."""

    rows: pd.DataFrame
    chosen: pd.DataFrame  # every field of every method
    source: str
    notes: tuple[str, ...]


def compute(choices: Choices, options: Options) -> Numbers:
    """The choices of a benchmark's `end2end` rows; and how flat the optimum is, if the sweep is in the results."""
    made = choices.made
    has_field = np.array([FIELD in values for values in made["values"]], dtype=bool)
    mine = made[(made["method"] == METHOD) & has_field]
    if mine.empty:
        of = f"benchmark {options.benchmark}" if options.benchmark else "this benchmark"
        raise NothingMeasured(f"no {FIELD} has been chosen for {of}: `regbench run bridges` sweeps, and then chooses")
    mine = select(mine, k=options.k, datasets=options.datasets)
    printed = bridges.table3()
    rows = [_row(choices, row, printed.get((row["k"], order.alias(row["dataset"])))) for row in records(mine)]
    rows.sort(key=lambda row: (row["variant"], row["k"] or 0, order.dataset_key(row["dataset"])))
    frame = pd.DataFrame(rows).astype({"k": "Int64", "carried_from_k": "Int64"})
    source = f"Benchmark {options.benchmark or made.attrs.get('benchmark', '')}"
    return Numbers(frame, chosen(made), source, tuple(_notes(frame)))


def table(numbers: Numbers) -> Table:
    """A block of what was chosen, one of the paper's values, and two of how much it matters: k by datasets."""
    rows, by = numbers.rows, "/".join(sorted(set(numbers.rows["by"])))
    caption = f"Table 3, the λKL of {METHOD} with the lowest {by}, at λ_pred = 1. {numbers.source}."
    cells = {
        "Chosen": _chosen,
        "The paper's": lambda row: f"{row['paper']:.3f}" if has(row["paper"]) else "",
        f"Lowest {by} at the paper's λKL, relative to the best": lambda row: average(row["at_paper_ratio"]),
        f"Range of λKL with {by} within {100 * FLAT:g} % of the best": _range,
    }
    blocks = [tables.block(title, rows, cell, by=("variant", "k"), names=_names) for title, cell in cells.items()]
    return tables.stacked(caption, blocks, numbers.notes)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """One row per cell; and every value that was chosen for any method."""
    return {"rows": numbers.rows, "chosen": numbers.chosen}


def _row(choices: Choices, row: dict[str, Any], paper: float | None) -> dict[str, Any]:
    errors = profile(choices, row, FIELD)
    best = row["metric"] if has(row["metric"]) else None
    there = at(errors, paper) if paper and len(errors) else None
    flat = errors[errors <= best * (1 + FLAT)] if best is not None else errors[:0]
    return {
        **{name: row[name] for name in ("dataset", "variant", "k", "source", "by", "tried", "diverged")},
        "lambda_kl": row["values"][FIELD],
        "on_edge": FIELD in row["on_edge"],
        "carried_from_k": null(row["carried_from_k"]),
        "all_diverged": not len(row["winner"]),
        "paper": paper,
        "error": best,
        "error_at_paper": there,
        "at_paper_ratio": there / best if there is not None and best else None,
        "flat_from": flat.index.min() if len(flat) else None,
        "flat_to": flat.index.max() if len(flat) else None,
    }


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    return row["variant"], str(row["k"])


def _chosen(row: dict[str, Any]) -> str:
    marks = [
        *(["all diverged"] if row["all_diverged"] else []),
        *(["edge"] if row["on_edge"] else []),
        *([f"k = {row['carried_from_k']}"] if has(row["carried_from_k"]) else []),
    ]
    return f"{row['lambda_kl']:.3g}" + (f" ({', '.join(marks)})" if marks else "")


def _range(row: dict[str, Any]) -> str:
    if not has(row["flat_from"]):
        return MISSING
    low, high = (f"{row[end]:.3g}" for end in ("flat_from", "flat_to"))
    return low if low == high else f"{low} to {high}"


def _notes(rows: pd.DataFrame) -> list[str]:
    """What the marks mean, and how ours and the paper's agree."""
    notes = []
    if rows["on_edge"].any():
        notes.append("edge: the lowest or the highest value that was tried, so the optimum may lie beyond")
    if rows["carried_from_k"].notna().any():
        notes.append("(k = K): chosen at that k alone and carried to this one")
    if rows["all_diverged"].any():
        notes.append("all diverged: nothing could be chosen, the default was taken")
    if rows["at_paper_ratio"].isna().any() and rows["paper"].notna().any():
        notes.append(f"{MISSING}: that value was not tried, or the sweep is not here")
    both = rows[rows["paper"].notna()]
    lowest = both["paper"].min()
    if len(both):
        ours = int((both["lambda_kl"] <= lowest * 1.02).sum())
        theirs = int((both["paper"] == lowest).sum())
        notes.append(
            f"the paper's optimum is {lowest:.3f}, the lowest value it prints, in {theirs} of {len(both)} cells; ours "
            f"is that or lower in {ours}"
        )
    return notes


REPORT = Report(
    title="Table 3: the chosen weight of the KL term",
    compute=compute,
    table=table,
    frames=frames,
    needs="choices",
    benchmark="bridges",
    has_paper=True,
)
