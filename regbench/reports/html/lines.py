"""Curves over epochs: a panel per dataset with the median over seeds and their range, thinned where they are long."""

from dataclasses import replace
from typing import Any

from pandas import DataFrame

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.reports import curves
from regbench.reports.html.inputs import MOST_EPOCHS
from regbench.reports.html.parts import MOST_LINES, Chart, chart, coloured, columns, quantity
from regbench.reports.report import Options
from regbench.reports.shared import epochs, looks

MOST_POINTS = 24_000  # of all curves: about a megabyte of the page
FEWEST = 20  # epochs of a curve, however many curves there are
FEW = 10  # epochs, of which each has a tick
FIELDS = ("row", "split", "epoch", "median", "low", "high", "n")


def of(long: DataFrame, options: Options) -> tuple[tuple[Chart, ...], tuple[str, ...]]:
    """The charts, and notes on what was left out of them."""
    numbers = curves.compute(long, options)
    several = numbers.rows["k"].nunique() > 1
    known = dict(list(epochs.lines(numbers.rows).items())[:MOST_LINES])
    drawn = [epochs.line(row) in known for row in records(numbers.rows[epochs.LINE])]
    labels = {
        key: looks.label(row["method"], row["variant"], row["k"] if several else None) for key, row in known.items()
    }
    palette = looks.colours(known)
    rows, notes = _thinned(numbers.rows[drawn])
    if not all(drawn):
        notes = (*notes, f"the first {MOST_LINES} rows are drawn; `--method` chooses others")
    metric = metrics.about(numbers.metric).label
    charts = []
    for dataset, part in rows.groupby("dataset", sort=False):
        lines = list(dict.fromkeys(epochs.line(row) for row in records(part[epochs.LINE].drop_duplicates())))
        colours = {labels[line]: palette[line] for line in lines}
        values = [{**row, "row": labels[epochs.line(row)]} for row in records(part)]
        last = int(part["epoch"].max())
        alias = order.alias(str(dataset))
        made = chart(
            f"curves-{len(charts)}", alias, _spec(metric, colours, last), columns(values, FIELDS),
            alt=f"{metric} on {dataset} over epochs, a line for each method; the table has where each line ends.",
            table=curves.table(replace(numbers, rows=numbers.rows[numbers.rows["dataset"] == dataset], notes=())),
            kind="curves", colours=colours,
        )  # fmt: skip
        charts.append(made)
    shown = f"{metric} in {numbers.units}: median over seeds and their range (band), test solid, validation dashed"
    return tuple(charts), (*notes, shown, *numbers.notes)


def _thinned(rows: DataFrame) -> tuple[DataFrame, tuple[str, ...]]:
    """The rows with as many epochs of each line as the page has room for; and a note that says so."""
    longest = int(rows["epoch"].max())
    lines = len(rows.drop_duplicates([*epochs.ROW, "split"]))
    room = max(FEWEST, min(MOST_EPOCHS, MOST_POINTS // max(1, lines)))
    kept = sorted(set(rows["epoch"]))
    if len(kept) > room + 1:
        step = -(-len(kept) // room)
        kept = sorted({*kept[::step], kept[-1]})
        rows = rows[rows["epoch"].isin(kept)]
    if longest <= len(kept):
        return rows, ()
    return rows, (f"thinned: {len(kept)} of {longest:,} epochs of each curve are drawn, evenly spaced",)


def _spec(metric: str, colours: dict[str, str], last: int) -> dict[str, Any]:
    """Bands, lines, and a rule at the epoch under the pointer."""
    few = {"values": list(range(1, last + 1))} if last <= FEW else {"tickCount": 6}
    x = quantity("epoch", "epoch", axis={**few, "format": "d", "grid": False}, scale={"nice": False, "zero": False})
    ticks = {"tickCount": 5, "format": ".3~g", "labelOverlap": "greedy"}
    y = {"type": "quantitative", "title": metric, "scale": {"type": "log", "nice": False}, "axis": ticks}
    colour = {"color": coloured("row", colours)}
    test, hover = (
        {"filter": "datum.split === 'test'"},
        {"name": "hover", "select": {"type": "point", "on": "pointermove"}},
    )
    hover["select"] |= {"nearest": True, "fields": ["epoch"], "clear": "pointerout"}  # type: ignore[operator]
    dash = {"field": "split", "type": "nominal", "legend": None}
    dash["scale"] = {"domain": ["test", "val"], "range": [[1, 0], [4, 3]]}  # type: ignore[assignment]
    rule = {"condition": {"param": "hover", "value": 0.5, "empty": False}, "value": 0}
    return {
        "height": 230,
        "layer": [
            {
                "transform": [test, {"filter": "datum.n > 1"}],
                "mark": {"type": "area", "opacity": 0.16},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, **colour},
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.6, "clip": True},
                "encoding": {"x": x, "y": {**y, "field": "median"}, **colour, "strokeDash": dash},
            },
            {
                "transform": [{"aggregate": [], "groupby": ["epoch"]}],
                "params": [hover],
                "mark": {"type": "rule", "color": "gray"},
                "encoding": {"x": x, "opacity": rule, "tooltip": [{"field": "epoch"}]},
            },
        ],
    }
