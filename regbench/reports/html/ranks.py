"""What beats what: a critical-difference diagram and a matrix of win rates."""

from typing import Any

from pandas import DataFrame

from regbench import metrics, variants
from regbench.analysis import Several, compare_several, select
from regbench.analysis.several import every_row
from regbench.errors import NothingMeasured
from regbench.reports import pairs
from regbench.reports.html.parts import MOST_LINES, Chart, chart, columns, names, quantity, tips
from regbench.reports.report import Options, Table
from regbench.reports.shared import looks

MOST_WRITTEN = 12  # methods of a matrix in whose cells numbers have room
BAR = "|"  # how the names of rows begin that have a bar and show no name
STEP = 20  # pixels of a method
MOST_PAIRED = 8  # methods of which all pairs are compared; with more it takes long, and nobody reads the table


def compute(cells: DataFrame, options: Options) -> tuple[Several, tuple[str, ...]]:
    """All pairs of the rows at one k, or with many rows the baseline with each other; and a note that says so."""
    shown = select(cells, datasets=options.datasets, methods=options.methods)
    k = options.k[:1]
    names = every_row(shown, next(iter(k), None))
    if len(names) > MOST_LINES:
        raise NothingMeasured(f"{len(names)} rows are too many to rank in one picture; `--method` chooses some")
    if len(names) <= MOST_PAIRED:
        return compare_several(shown, names, all_pairs=True, metric=options.metric, k=k), ()
    baseline = options.normalize if options.normalize in names else names[0]
    ordered = (baseline, *(name for name in names if name != baseline))
    note = (
        f"of {len(names)} rows only {baseline} is compared with each other one: `regbench compare --all-pairs` has all"
    )
    return compare_several(shown, ordered, metric=options.metric, k=k), (note,)


def of(several: Several, said: tuple[str, ...] = ()) -> tuple[tuple[Chart, ...], tuple[Table, ...], tuple[str, ...]]:
    """The two charts, the table of all comparisons, and the notes of the report."""
    table = pairs.table(several)
    if len(several.names) < 3:
        raise NothingMeasured("ranks and win rates need three methods or more: `regbench compare` shows two")
    rates, ranked = (*table.more, None, None)[:2]
    charts = [_rates(several, rates)]
    if several.ranks.datasets:
        charts.insert(0, _ranks(several, ranked))
    first = Table(table.caption, table.header, table.rows, index=table.index)
    return tuple(charts), (first,), (*said, *table.notes)


def _ranks(several: Several, table: Table | None) -> Chart:
    """Names from the best rank down, each with a line to the axis; bars join those that are not told apart."""
    ranks = several.ranks
    labels = [_label(name) for name in ranks.names]
    bars = [f"{BAR}{number}" for number in range(len(ranks.groups))]  # rows without a name
    rows: list[dict[str, Any]] = [
        {"method": label, "rank": rank, "top": (bars or labels)[0]}
        for label, rank in zip(labels, ranks.mean_ranks, strict=True)
    ]
    for bar, (first, last) in zip(bars, ranks.groups, strict=True):
        rows.append({"bar": bar, "rank": ranks.mean_ranks[first] - 0.04, "to": ranks.mean_ranks[last] + 0.04})
    metric = metrics.about(several.comparisons[0].metric).label
    title = f"mean rank by test {metric} over {len(ranks.datasets)} datasets, 1 is best"
    ticks = {"orient": "top", "values": list(range(1, len(labels) + 1)), "labelOverlap": True, "format": "d"}
    scale = {"domain": [0.7, len(labels) + 0.12 * len(labels) + 0.3], "nice": False}  # room for the last number
    x = quantity("rank", "mean rank, 1 is best", scale=scale, axis={**ticks, "grid": False, "domain": False})
    rows_of = {"domain": [*bars, *labels]}
    axis = {"labelExpr": f"substring(datum.label, 0, 1) === '{BAR}' ? '' : datum.label", "grid": False, "ticks": False}
    y = names("method", scale=rows_of, axis={**axis, "domain": False})
    here = [{"filter": "isValid(datum.method)"}]
    spec = {
        "height": STEP * (len(bars) + len(labels)),
        "layer": [
            {
                "transform": here,
                "mark": {"type": "rule", "strokeWidth": 1, "opacity": 0.45},
                "encoding": {"x": x, "y": {**y, "field": "top", "bandPosition": 0}, "y2": {"field": "method"}},
            },
            {
                "transform": here,
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"x": x, "y": y, "tooltip": tips("method", "rank")},
            },
            {
                "transform": here,
                "mark": {"type": "text", "align": "left", "dx": 7},
                "encoding": {"x": x, "y": y, "text": {"field": "rank", "format": ".2f"}},
            },
            {
                "transform": [{"filter": "isValid(datum.bar)"}],
                "mark": {"type": "rule", "strokeWidth": 5},
                "encoding": {"x": x, "x2": {"field": "to"}, "y": {**y, "field": "bar"}},
            },
        ],
    }
    said = f"Methods by {title}"
    if ranks.critical_difference is not None:
        said += f"; bars join methods that differ by less than {ranks.critical_difference:.2f} (Nemenyi)"
    values = columns(rows, ("method", "rank", "top", "bar", "to"))
    return chart("ranks", "Critical-difference diagram", spec, values, alt=f"{said}.", table=table)


def _rates(several: Several, table: Table | None) -> Chart:
    """How often the row beats the column: orange loses, blue wins. Columns have the numbers of their rows."""
    labels = [_label(name) for name in several.ranks.names]
    numbered = [f"{number}  {label}" for number, label in enumerate(labels, 1)]
    rows = [
        {"row": one, "column": str(number), "against": labels[number - 1], "percent": 100 * rate}
        for one, line in zip(numbered, several.win_rates, strict=True)
        for number, rate in enumerate(line, 1)
        if rate is not None
    ]
    scale = {"domain": [0, 50, 100], "range": ["#E69F00", "#F4F4F4", "#56B4E9"]}
    axis = {"ticks": False, "domain": False}
    columns_of = {"domain": [str(number) for number in range(1, len(labels) + 1)]}
    cell = {
        "x": names("column", axis={**axis, "labelAngle": 0, "orient": "top"}, scale=columns_of),
        "y": names("row", axis=axis, scale={"domain": numbered}),
    }
    share = {"field": "percent", "type": "quantitative", "scale": scale, "legend": None}
    layers: list[dict[str, Any]] = [
        {"mark": "rect", "encoding": {"color": share, "tooltip": tips("row", "against", "percent")}}
    ]
    if len(labels) <= MOST_WRITTEN:
        text = {"type": "text", "color": "#111", "fontSize": 10.5}
        layers.append({"mark": text, "encoding": {"text": {"field": "percent", "format": ".0f"}}})
    spec = {"height": (STEP + 2) * len(labels), "encoding": cell, "layer": layers}
    alt = "Matrix of win rates: the percentage of runs, seeds within datasets, in which the row beats the column."
    title = "Win rates: % of runs in which the row beats the column"
    values = columns(rows, ("row", "column", "against", "percent"))
    return chart("rates", title, spec, values, alt=alt, table=table)


def _label(name: str) -> str:
    return looks.label(variants.read(name)[0].name, name)
