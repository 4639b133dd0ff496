"""Figures 3 and 4 of the first paper as dots: ratios on each dataset, and their means over datasets."""

from dataclasses import replace
from typing import Any

from pandas import DataFrame

from regbench import kinds, metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured
from regbench.reports.bridges import figure3, figure4, ratios
from regbench.reports.html.dots import BASE, STEP, TICKS, over
from regbench.reports.html.parts import MOST_LINES, Chart, chart, coloured, columns, names, palette, quantity, tips
from regbench.reports.report import Options
from regbench.reports.shared import looks
from regbench.reports.text import words

CEILING = 1.6  # a ratio above stands at the end of the axis: one collapsed cell would flatten all others
AVERAGES = {"arithmetic mean": "arithmetic", "geometric mean": "geometric"}


def third(frame: DataFrame, options: Options) -> tuple[Chart, ...]:
    """Figure 3: the ratio of each method on each dataset."""
    numbers = ratios.compute(frame, _of_several(frame, options))
    colours = _colours(numbers.means)
    rows = []
    for row in records(numbers.normalized.cells):
        spread = row["ratio_std"] if words.has(row["ratio_std"]) else 0.0
        rows.append(
            {
                "dataset": order.alias(row["dataset"]), "row": looks.label(row["method"], row["variant"]),
                "ratio": row["ratio"], "low": row["ratio"] - spread, "high": row["ratio"] + spread,
                "N": row["ratio_n"], "beyond": bool(row["ratio"] > CEILING),
            }
        )  # fmt: skip
    rows = [row for row in rows if words.has(row["ratio"])]
    rows.sort(key=lambda row: (order.dataset_key(row["dataset"]), list(colours).index(row["row"])))
    title = _relative(numbers)
    spec = over(title, colours, _domain(rows), 1.0, "ratio", rows)
    alt = f"Dots by dataset and method: {title}; lines are one standard deviation over seeds."
    made = chart(
        "figure3", f"Figure 3: each dataset at k = {numbers.k}", spec,
        columns(rows, ("dataset", "row", "ratio", "low", "high", "N", "beyond")),
        alt=alt, table=figure3.table(numbers), colours=colours,
    )  # fmt: skip
    return (made,)


def fourth(frame: DataFrame, options: Options) -> tuple[Chart, ...]:
    """Figure 4: the means of these ratios over datasets."""
    numbers = ratios.compute(frame, _of_several(frame, options))
    if not numbers.normalized.common or len(set(numbers.normalized.cells["dataset"])) < 2:
        raise NothingMeasured("no two datasets that every method has: no mean over them")
    colours = _colours(numbers.means)
    rows = []
    for row in records(numbers.means):
        for label, name in AVERAGES.items():
            spread = row[f"{name}_std"] if words.has(row[f"{name}_std"]) else 0.0
            named = looks.label(row["method"], row["variant"])
            value = row[name]
            rows.append(
                {"row": named, "of": label, "ratio": value, "low": value - spread, "high": value + spread}
                | {"N": row["seeds"]}
            )
    rows = [row for row in rows if words.has(row["ratio"])]
    scale = {"domain": _domain(rows), "clamp": True, "nice": False, "zero": False}
    x = quantity("ratio", f"mean of {_relative(numbers)}", scale=scale, axis=TICKS)
    y = {"y": names("row"), "yOffset": names("of")}
    colour = {"color": coloured("row", colours)}
    spec = {
        "height": 16 + STEP * len(rows),
        "layer": [
            {"data": {"values": [{}]}, "mark": {"type": "rule", **BASE}, "encoding": {"x": {"datum": 1}}},
            {
                "mark": {"type": "rule"},
                "encoding": {**y, **colour, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "size": 55, "filled": False, "strokeWidth": 2, "opacity": 1},
                "encoding": {
                    **y,
                    **colour,
                    "x": x,
                    "shape": names("of", legend={"orient": "top", "title": None, "columns": 1}),
                }
                | {"tooltip": tips("row", "of", "ratio", "N")},
            },
        ],
    }
    values = columns(rows, ("row", "of", "ratio", "low", "high", "N"))
    alt = f"Dots by method: arithmetic and geometric mean over datasets of {_relative(numbers)}."
    count = len(numbers.normalized.common)
    title = f"Figure 4: means over {count} datasets at k = {numbers.k}"
    return (chart("figure4", title, spec, values, alt=alt, table=figure4.table(numbers), colours=colours),)


def _of_several(frame: DataFrame, options: Options) -> Options:
    """The options, with all rows named where a benchmark compares variants of one method: each would be left out."""
    rows = frame[~frame["method"].map(kinds.is_reference).astype(bool)]
    if options.methods or rows["method"].nunique() > 1:
        return options
    named = tuple(dict.fromkeys(map(str, rows["variant"])))
    return replace(options, methods=named[:MOST_LINES])


def _domain(rows: list[dict[str, Any]]) -> list[float]:
    """The axis of ratios: all of them with their spread and 1, up to the ceiling of Figure 3."""
    low = min([1.0, *(row["low"] for row in rows)])
    high = max([1.0, *(row["high"] for row in rows)])
    room = 0.04 * (min(high, CEILING) - low) or 0.01
    return [low - room, min(high, CEILING) + room]


def _colours(means: DataFrame) -> dict[str, str]:
    """The label of each row and its colour, in the order of tables."""
    lines = list(zip(means["method"], means["variant"], strict=True))
    known = palette(lines)
    return {looks.label(*line): known[line] for line in lines}


def _relative(numbers: ratios.Numbers) -> str:
    metric = metrics.about(numbers.normalized.metric).label
    return f"test {metric} / {metric} of {numbers.normalized.baseline}"
