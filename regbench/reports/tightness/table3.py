"""Table 3 of "Improving Deep Regression with Tightness": errors of coordinate prediction, ours beside the paper's."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.papers import tightness
from regbench.papers.tightness import COORDINATES
from regbench.reports.report import Beside, Options, Report, Table
from regbench.reports.shared import tables
from regbench.reports.text import render, words
from regbench.reports.tightness import cells

OURS, DRAWS = "tightness-coordinates", "tightness-draws"


@dataclass(frozen=True)
class Numbers(cells.Numbers):
    """The cells, and the mean over draws of the data for rows of which several were run."""

    draws: pd.DataFrame


def compute(given: Beside, options: Options) -> Numbers:
    """The squared test RMSE of each run, its mean and standard deviation over seeds, for each dataset and row."""
    frame = given.cells.get(OURS)
    ours = _squared(frame)
    ours = ours.assign(column=ours["dataset"])
    rows = cells.beside(tightness.table3(), ours)
    rows = cells.chosen(rows, options, COORDINATES)
    rows.insert(0, "dataset", rows["column"])
    rows.insert(1, "alias", rows["column"].map(order.alias))
    rows["label_variance"] = rows["column"].map(given.variances).astype(float)
    draws = _draws(given.cells.get(DRAWS))
    notes = (
        *words.synthetic(frame if frame is not None else pd.DataFrame(), rows["dataset"]),
        "all inputs are SYNTHETIC, sums of coordinates of drawn points; the mammoth's points are from a real scan",
        "± is over seeds of the weights alone: the data are drawn once, by the paper as here",
        *_drawn(draws),
        f"{tightness.MISPRINTS['table3', 'settings']}; a row is matched by its parts, whatever their settings",
        *cells.defaults(rows),
        "ols is the linear row: the inputs determine the targets linearly, without noise; train_mean is a constant, "
        "whose error is about the variance of the labels",
        *_variances(given, rows),
        *_information_dropout(rows),
        *cells.gaps(rows, OURS),
        *cells.notes_of(frame),
    )
    return Numbers(rows, cells.source(frame, options), notes, draws)


def table(numbers: Numbers) -> Table:
    """Methods by manifolds: mean squared error of ours, and the paper's."""
    rows = numbers.rows
    caption = (
        "Table 3, mean squared error of coordinates on test rows, the square of each run's RMSE: mean ± standard "
        f"deviation over seeds. {cells.seeds(numbers.source, rows)}"
    )
    both = [("", cells.ours(words.usual_seeds(rows))), (", paper", cells.printed)]
    aliases = {name: order.alias(name) for name in COORDINATES}
    return replace(tables.stacked(caption, [cells.grid("", rows, aliases, both)], numbers.notes), legend=cells.LEGEND)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """One row per cell: the mean and standard deviation of the squared errors, ours and the paper's."""
    return {"rows": _public(numbers.rows), "draws": numbers.draws}


def data(numbers: Numbers) -> dict[str, Any]:
    """The rows, and the words around them."""
    found = {name: render.records(frame) for name, frame in frames(numbers).items()}
    made = table(numbers)
    return {**found, "caption": made.caption, "notes": list(made.notes)}


def _public(rows: pd.DataFrame) -> pd.DataFrame:
    names = {"mean": "mse_mean", "std": "mse_std"}
    first = ["dataset", "alias", "method", "variant", *cells.COUNTS, *names.values(), *cells.THEIRS, "label_variance"]
    return rows.rename(columns=names)[first]


def _draws(frame: pd.DataFrame | None) -> pd.DataFrame:
    """The mean over seeds of each draw of the circle, and over draws their mean and standard deviation, by row."""
    found = _squared(frame)
    found = found[found["n"] > 0]
    rows = [
        {
            "variant": variant,
            "draws": len(group),
            "seeds": "/".join(map(str, sorted(set(group["n"])))),
            "mse_mean": group["mean"].mean(),
            "mse_std": group["mean"].std(ddof=1),
        }
        for variant, group in found.groupby("variant", sort=False)
    ]
    return pd.DataFrame(rows, columns=["variant", "draws", "seeds", "mse_mean", "mse_std"])


def _squared(frame: pd.DataFrame | None) -> pd.DataFrame:
    """Our cells of the squared test RMSE."""
    return cells.measured(frame, {"mse": "rmse"}, power=2)


def _drawn(draws: pd.DataFrame) -> list[str]:
    """The spread over draws of the data, from the benchmark that has several."""
    said = [
        f"{row['variant']} {cells.number(row['mse_mean'], row['mse_std'])} ({row['draws']} draws, N = {row['seeds']})"
        for row in records(draws)
        if row["draws"] > 1
    ]
    return [f"with the data drawn anew, the mean over seeds on circles is {'; '.join(said)}"] if said else []


def _variances(given: Beside, rows: pd.DataFrame) -> list[str]:
    known = {
        order.alias(name): given.variances[name] for name in dict.fromkeys(rows["dataset"]) if name in given.variances
    }
    shown = ", ".join(f"{name} {cells.number(value, None)}" for name, value in known.items())
    return [f"variance of the test labels, the mean over coordinates: {shown}"] if shown else []


def _information_dropout(rows: pd.DataFrame) -> list[str]:
    if not any("information_dropout" in method for method in rows["method"]):
        return []
    return ["information_dropout computes the size of its noise from the features themselves"]


REPORT = Report(
    title="Table 3: coordinate prediction",
    compute=compute,
    table=table,
    frames=frames,
    data=data,
    needs="beside",
    shows=("tightness-coordinates", "tightness-draws"),
    variances=True,
)
