"""What sweeps tried: surfaces over two fields, dots over one, the chosen values marked."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.reports import sweep
from regbench.reports.html.parts import (
    TICKS,
    Chart,
    Group,
    chart,
    coloured,
    columns,
    errors_scale,
    names,
    quantity,
    tips,
)
from regbench.reports.report import Options, Table
from regbench.reports.shared import looks
from regbench.reports.sweep.picture import WORST
from regbench.reports.text import symbols, words

MOST = 60  # charts
AXIS = {"grid": False, "tickCount": 4, "format": "~g", "labelOverlap": "greedy"}
STEP = 17  # pixels of a value


def of(swept: Any, options: Options) -> tuple[tuple[Group, ...], Table, tuple[str, ...]]:
    """A group of charts for each dataset, the table of what was chosen, and notes."""
    numbers = sweep.compute(swept, options)
    tried = numbers.tried.assign(error=numbers.tried[f"val_{numbers.metric}"])
    groups, count, notes = [], 0, []
    for dataset, part in tried.groupby("dataset", sort=False):
        charts = tuple(_charts(part, numbers, count))
        if count + len(charts) > MOST:
            notes.append(
                f"surfaces of {order.alias(str(dataset))} and later datasets are left out: `regbench report sweep`"
            )
            break
        count += len(charts)
        groups.append(Group(charts, str(dataset), opened=not groups))
    table = sweep.table(numbers)
    return tuple(groups), table, tuple(notes)


def _charts(part: pd.DataFrame, numbers: sweep.Numbers, number: int) -> Iterator[Chart]:
    """Of one dataset: a chart for all rows that were swept over one field, then a surface for each other row and k."""
    metric = f"validation {metrics.about(numbers.metric).label}"
    flat: dict[str, list[pd.DataFrame]] = {}
    surfaces = []
    for key, group in part.groupby(["method", "variant", "k"], dropna=False, sort=False):
        if group["error"].isna().all():
            continue
        fields = [name for name in numbers.swept.axes(group["sweep"].iloc[0]) if group[name].notna().all()]
        if len(fields) > 1:
            surfaces.append((looks.label(str(key[0]), str(key[1]), null(key[2])), group, fields[:2]))
        elif named := [*fields, *(name for name in numbers.swept.fields() if group[name].nunique() > 1)][:1]:
            flat.setdefault(named[0], []).append(group)
    for field, groups in flat.items():
        yield _line(f"sweep-{number}", groups, field, numbers, metric)
        number += 1
    for title, group, fields in surfaces:
        best = _best(numbers, group, group["variant"].iloc[0], null(group["k"].iloc[0]))
        yield _surface(f"sweep-{number}", title, group, fields, best, metric)
        number += 1


def _best(numbers: sweep.Numbers, group: pd.DataFrame, variant: Any, k: Any) -> dict[str, Any]:
    """The values that are marked: of the cell with these names; nothing where there is none."""
    cells = numbers.cells
    at = cells["k"].isna() if k is None else (cells["k"] == k).fillna(value=False)
    mine = cells[(cells["dataset"] == group["dataset"].iloc[0]) & (cells["variant"] == variant) & at.astype(bool)]
    return dict(records(mine)[0]["values"]) if len(mine) else {}


def _surface(
    place: str, title: str, group: pd.DataFrame, fields: list[str], best: dict[str, Any], metric: str
) -> Chart:
    """The lowest error at each pair of values, relative to the lowest of all."""
    x, y = fields
    lowest = group.groupby([y, x])["error"].min().reset_index()
    lost = group.assign(lost=group["diverged"] > 0).groupby([y, x])["lost"].all().reset_index()["lost"]
    rows = [
        {
            "x": _short(row[x]), "y": _short(row[y]), "error": row["error"],
            "ratio": row["error"] / lowest["error"].min(), "diverged": bool(gone),
            "chosen": _is_chosen(row, best, fields),
        }
        for row, gone in zip(records(lowest), lost, strict=True)
    ]  # fmt: skip
    across = {"domain": [_short(value) for value in sorted(set(group[x]))]}
    down = {"domain": [_short(value) for value in sorted(set(group[y]))[::-1]]}
    cell = {
        "x": names("x", title=symbols.plain(x), axis={"labelAngle": 0}, scale=across),
        "y": names("y", title=symbols.plain(y), scale=down),
    }
    scale = {"scheme": "viridis", "domain": [1, WORST], "clamp": True, "reverse": True}
    legend = {"title": "to the lowest", "orient": "bottom", "gradientThickness": 8, "format": ".1f", "tickCount": 5}
    fill = {"field": "ratio", "type": "quantitative", "scale": scale, "legend": legend}
    tip = [{"field": "x", "title": symbols.plain(x)}, {"field": "y", "title": symbols.plain(y)}]
    tip += [{"field": "error", "title": metric}, {"field": "ratio", "title": "to the lowest"}]
    spec = {
        "height": STEP * group[y].nunique(),
        "encoding": cell,
        "layer": [
            {
                "transform": [{"filter": "isValid(datum.error)"}],
                "mark": {"type": "rect"},
                "encoding": {"color": fill, "tooltip": tip},
            },
            {
                "transform": [{"filter": "datum.diverged"}],
                "mark": {"type": "point", "shape": "cross", "angle": 45, "filled": True, "size": 40},
                "encoding": {"color": {"value": "gray"}, "tooltip": {"value": "diverged"}},
            },
            {
                "transform": [{"filter": "datum.chosen"}],
                "mark": {"type": "point", "size": 110, "strokeWidth": 2.4, "opacity": 1, "tooltip": False},
                "encoding": {"color": {"value": "white"}},
            },
        ],
    }
    header = (symbols.plain(x), symbols.plain(y), metric)
    alt = f"{title}: {metric} over {header[0]} and {header[1]}; the circle marks what is chosen, crosses what diverged."
    shown = tuple((row["x"], row["y"], _error(row)) for row in rows)
    values = columns(rows, ("x", "y", "error", "ratio", "diverged", "chosen"))
    return chart(place, title, spec, values, alt=alt, table=Table(alt, header, shown, index=2))


def _line(place: str, groups: list[pd.DataFrame], field: str, numbers: sweep.Numbers, metric: str) -> Chart:
    """The error of each configuration over one field: dots, a line through the lowest ones of each row and k."""
    together = pd.concat(groups)
    known = together[["method", "variant"]].drop_duplicates().itertuples(index=False, name=None)
    palette = {looks.label(line[0], str(line[1])): colour for line, colour in looks.colours(known).items()}
    is_number = pd.api.types.is_numeric_dtype(together[field].dropna().infer_objects())
    rows = []
    for group in groups:
        variant, k = group["variant"].iloc[0], null(group["k"].iloc[0])
        best = _best(numbers, group, variant, k)
        named = {"row": looks.label(str(group["method"].iloc[0]), str(variant)), "k": words.setting(k)}
        rows += [
            {**named, "x": row[field], "error": row["error"], "chosen": _is_chosen(row, best, list(best))}
            for row in records(group.sort_values(field))
            if words.has(row["error"]) and words.has(row[field])
        ]
    colours = {name: palette[name] for name in dict.fromkeys(row["row"] for row in rows)}
    is_log = is_number and min(row["x"] for row in rows) > 0
    scale = errors_scale(is_log=is_log, padding=10)
    named_x = symbols.plain(field)
    x = quantity("x", named_x, scale=scale, axis=AXIS) if is_number else names("x", title=named_x)
    is_log = min(row["error"] for row in rows) > 0
    y = quantity("error", metric, scale=errors_scale(is_log=is_log, padding=10), axis=TICKS)
    both = {"x": x, "y": y, "color": coloured("row", colours), "detail": {"field": "k"}}
    size = {"condition": {"test": "datum.chosen", "value": 110}, "value": 22}
    tip = [*tips("row", "k"), {"field": "x", "title": named_x}, {"field": "error", "title": metric}]
    lowest = {"aggregate": [{"op": "min", "field": "error", "as": "error"}], "groupby": ["x", "row", "k"]}
    spec = {
        "height": 260,
        "layer": [
            {"transform": [lowest], "mark": {"type": "line", "strokeWidth": 1, "opacity": 0.7}, "encoding": both},
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.9},
                "encoding": {**both, "size": size, "tooltip": tip},
            },
        ],
    }
    alt = f"{metric} of each row and k over {named_x}; large dots are what is chosen."
    lines = tuple((row["row"], row["k"], _text(row["x"]), _error(row)) for row in rows)
    table = Table(alt, ("method", "k", named_x, metric), lines, index=3)
    values = columns(rows, ("row", "k", "x", "error", "chosen"))
    return chart(place, f"All rows over {named_x}", spec, values, alt=alt, table=table, colours=colours)


def _is_chosen(row: dict[str, Any], best: dict[str, Any], fields: list[str]) -> bool:
    """Whether a configuration has the chosen values of these fields."""
    return bool(fields) and all(best.get(name) == row.get(name) for name in fields)


def _short(value: Any) -> str:
    """A value along the axis of a surface."""
    return f"{value:.3g}" if words.has(value) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else words.setting(value)


def _error(row: dict[str, Any]) -> str:
    return f"{row['error']:#.5g}" if words.has(row["error"]) else words.MISSING
