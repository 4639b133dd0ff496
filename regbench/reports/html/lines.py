"""Curves over epochs: a panel per dataset with the median over seeds and their range, thinned where they are long."""

from dataclasses import replace
from typing import Any

from pandas import DataFrame

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured
from regbench.reports import curves
from regbench.reports.html.inputs import MOST_EPOCHS
from regbench.reports.html.parts import (
    MOST_LINES,
    TICKS,
    Chart,
    chart,
    coloured,
    columns,
    errors_scale,
    palette,
    quantity,
    tips,
)
from regbench.reports.report import Options
from regbench.reports.shared import epochs, looks

MOST_POINTS = 24_000  # of all curves: about a megabyte of the page
FEWEST = 20  # epochs of a curve, however many curves there are
FEW = 10  # epochs, of which each has a tick
FIELDS = ("row", "split", "epoch", "median", "low", "high", "n")


def of(long: DataFrame, options: Options) -> tuple[tuple[Chart, ...], tuple[str, ...]]:
    """The charts, and notes on what was left out of them."""
    numbers = curves.compute(long, options)
    at_once = numbers.rows.groupby(epochs.ROW, dropna=False)["epoch"].transform("max") < 2  # models that are fitted
    if at_once.all():
        why = "; ".join(["only models that are fitted in one go have all their epochs here", *numbers.notes])
        raise NothingMeasured(why)
    numbers = replace(numbers, rows=numbers.rows[~at_once].reset_index(drop=True))
    several = numbers.rows["k"].nunique() > 1
    known = dict(list(epochs.lines(numbers.rows).items())[:MOST_LINES])
    drawn = [epochs.line(row) in known for row in records(numbers.rows[epochs.LINE])]
    labels = {
        key: looks.label(row["method"], row["variant"], row["k"] if several else None) for key, row in known.items()
    }
    colour_of = palette(known)
    rows, notes = _thinned(numbers.rows[drawn])
    if not all(drawn):
        notes = (*notes, f"the first {MOST_LINES} rows are drawn; `--method` chooses others")
    metric = metrics.about(numbers.metric).label
    charts = []
    for dataset, part in rows.groupby("dataset", sort=False):
        lines = list(dict.fromkeys(epochs.line(row) for row in records(part[epochs.LINE].drop_duplicates())))
        colours = {labels[line]: colour_of[line] for line in lines}
        values = [{**row, "row": labels[epochs.line(row)]} for row in records(part)]
        spec = _spec(metric, colours, int(part["epoch"].max()), is_log=bool(part["low"].min() > 0))
        alias = order.alias(str(dataset))
        made = chart(
            f"curves-{len(charts)}", alias, spec, columns(values, FIELDS),
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


def _spec(metric: str, colours: dict[str, str], last: int, *, is_log: bool) -> dict[str, Any]:
    """Bands, lines, and a rule at the epoch under the pointer, whose values the page shows."""
    few = {"values": list(range(1, last + 1))} if last <= FEW else {"tickCount": 6}
    x = quantity("epoch", "epoch", axis={**few, "format": "d", "grid": False}, scale={"nice": False, "zero": False})
    y = quantity("median", metric, scale=errors_scale(is_log=is_log), axis=TICKS)
    colour = {"color": coloured("row", colours)}
    dashes = {"domain": ["test", "val"], "range": [[1, 0], [4, 3]]}
    nearest = {"type": "point", "on": "pointermove", "clear": "pointerout", "nearest": True, "fields": ["epoch"]}
    seen = {"condition": {"param": "hover", "value": 0.5, "empty": False}, "value": 0}
    return {
        "height": 230,
        "layer": [
            {
                "transform": [{"filter": "datum.split === 'test' && datum.n > 1"}],
                "mark": {"type": "area", "opacity": 0.16},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, **colour},
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.6, "clip": True},
                "encoding": {"x": x, "y": y, **colour}
                | {"strokeDash": {"field": "split", "type": "nominal", "legend": None, "scale": dashes}},
            },
            {
                "transform": [{"aggregate": [], "groupby": ["epoch"]}],
                "params": [{"name": "hover", "select": nearest}],
                "mark": {"type": "rule", "color": "gray"},
                "encoding": {"x": x, "opacity": seen, "tooltip": tips("epoch")},
            },
        ],
    }
