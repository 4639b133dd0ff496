"""Figures 3 and 4 of the first paper as dots on an axis that shows differences of a percent; and coverage."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pandas import DataFrame

from regbench import kinds, metrics, variants
from regbench.analysis import aggregate, order, select
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured
from regbench.reports.bridges import figure3, figure4, ratios
from regbench.reports.html.parts import MOST_LINES, Chart, chart, coloured, columns, names, quantity, tips
from regbench.reports.report import Options, Table
from regbench.reports.shared import looks, tables
from regbench.reports.text import words

STEP = 13  # pixels from one row to the next within a dataset
AVERAGES = {"arithmetic mean": "arithmetic", "geometric mean": "geometric"}
LINE = {"strokeDash": [4, 3], "strokeWidth": 1}
TICKS = {"tickCount": 6, "labelOverlap": "greedy", "labelSeparation": 6}
COVERED = 0.9


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
                "N": row["ratio_n"], "beyond": bool(row["ratio"] > figure3.CEILING),
            }
        )  # fmt: skip
    rows = [row for row in rows if words.has(row["ratio"])]
    rows.sort(key=lambda row: (order.dataset_key(row["dataset"]), list(colours).index(row["row"])))
    title = _relative(numbers)
    spec = _over(title, colours, _domain(rows), 1.0, "ratio", rows)
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
            {"data": {"values": [{}]}, "mark": {"type": "rule", **LINE}, "encoding": {"x": {"datum": 1}}},
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
    over = len(numbers.normalized.common)
    title = f"Figure 4: means over {over} datasets at k = {numbers.k}"
    return (chart("figure4", title, spec, values, alt=alt, table=figure4.table(numbers), colours=colours),)


def coverage(frame: DataFrame, options: Options) -> tuple[Chart, ...]:
    """The share of test targets inside the central 90 % interval of each predicted distribution."""
    k = options.k or (variants.DEFAULT_K,)
    shown = select(frame, k=k, datasets=options.datasets, methods=options.methods)
    cells = aggregate(shown, ("rmse", "coverage"))
    cells = cells[cells["coverage_mean"].notna()]
    if cells.empty:
        raise NothingMeasured(
            "no coverage is stored for these runs: methods that predict a distribution are scored after every epoch "
            "since there is this metric; train them anew, `regbench run heads` for instance"
        )
    if len(cells.drop_duplicates(["variant", "k"])) > MOST_LINES:
        raise NothingMeasured("coverage of so many rows has no room in one picture; `--method` chooses some")
    several = cells["k"].nunique() > 1
    named = {
        place: looks.label(row["method"], row["variant"], row["k"] if several else None)
        for place, row in enumerate(records(cells))
    }
    colours = _by_name(cells, named)
    rows = [
        {
            "dataset": order.alias(row["dataset"]), "row": named[place], "coverage": row["coverage_mean"],
            "low": row["coverage_mean"] - (row["coverage_std"] if words.has(row["coverage_std"]) else 0.0),
            "high": row["coverage_mean"] + (row["coverage_std"] if words.has(row["coverage_std"]) else 0.0),
            "N": row["n"],
        }
        for place, row in enumerate(records(cells))
    ]  # fmt: skip
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    domain = [max(0.0, min(low, COVERED - 0.02) - 0.01), min(1.0, max(high, COVERED + 0.02) + 0.01)]
    title = "coverage, best at 0.9"
    spec = _over(title, colours, domain, COVERED, "coverage", rows)
    usual = words.usual_seeds(cells)
    table = tables.block(
        "", cells.assign(), lambda row: words.cell(row, row["coverage_mean"], row["coverage_std"], usual)
    )
    caption = f"Coverage of the central 90 % interval on test rows, mean ± standard deviation. {words.seeds(cells)}."
    return (
        chart(
            "coverage", "Coverage of predicted intervals", spec, columns(rows, [*rows[0]]),
            alt="Dots by dataset and method: share of test targets inside the central 90 % interval; a line at 0.9.",
            table=Table(caption, table.header, table.rows, index=table.index), colours=colours,
        ),
    )  # fmt: skip


def _over(
    title: str, colours: Mapping[str, str], domain: list[float], base: float, field: str, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Dots with their spread: a band of rows for each dataset, a dashed line at `base`."""
    scale = {"domain": domain, "clamp": True, "nice": False, "zero": False}
    y = {"y": names("dataset", axis={"tickBand": "extent", "grid": True}), "yOffset": names("row")}
    both = {**y, "color": coloured("row", colours)}
    tip = tips("dataset", "row", field, "low", "high", "N")
    dot: dict[str, Any] = {"mark": {"type": "point", "filled": True, "size": 42, "opacity": 1}}
    shape = {"condition": {"test": "datum.beyond", "value": "triangle-right"}, "value": "circle"}
    bands = len({row["dataset"] for row in rows})
    return {
        "height": 16 + STEP * len(colours) * bands,
        "layer": [
            {"data": {"values": [{}]}, "mark": {"type": "rule", **LINE}, "encoding": {"x": {"datum": base}}},
            {
                "mark": "rule",
                "encoding": {**both, "x": quantity("low", title, scale=scale, axis=TICKS), "x2": {"field": "high"}},
            },
            {
                **dot,
                "encoding": {
                    **both,
                    "x": quantity(field, title, scale=scale, axis=TICKS),
                    "shape": shape,
                    "tooltip": tip,
                },
            },
        ],
    }


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
    room = 0.04 * (min(high, figure3.CEILING) - low) or 0.01
    return [low - room, min(high, figure3.CEILING) + room]


def _colours(means: DataFrame) -> dict[str, str]:
    pairs = list(zip(means["method"], means["variant"], strict=True))
    return {looks.label(*pair): colour for pair, colour in _in_order(pairs)}


def _by_name(cells: DataFrame, named: Mapping[int, str]) -> dict[str, str]:
    """The colour of each row with its k."""
    lines = [(row["method"], (row["variant"], named[place])) for place, row in enumerate(records(cells))]
    return {str(key[1][1]): colour for key, colour in _in_order(list(dict.fromkeys(lines)))}  # type: ignore[index]


def _in_order(lines: list[Any]) -> list[tuple[Any, str]]:
    colours = looks.colours(lines)
    return [(line, colours[line]) for line in lines]


def _relative(numbers: ratios.Numbers) -> str:
    metric = metrics.about(numbers.normalized.metric).label
    return f"test {metric} / {metric} of {numbers.normalized.baseline}"
