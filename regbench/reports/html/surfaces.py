"""What sweeps tried: surfaces over two fields, dots over one, the chosen values marked."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.reports import sweep
from regbench.reports.html.parts import Chart, Group, chart, coloured, columns, names, quantity
from regbench.reports.report import Options, Table
from regbench.reports.shared import looks
from regbench.reports.sweep.picture import WORST
from regbench.reports.text import symbols, words

MOST = 60  # charts
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
    metric = f"validation {metrics.about(numbers.metric).label}"
    for key, group in part.groupby(["method", "variant", "k"], dropna=False, sort=False):
        method, variant, k = map(null, key)
        if group["error"].notna().sum() == 0:
            continue
        fields = [name for name in numbers.swept.axes(group["sweep"].iloc[0]) if group[name].notna().all()]
        best = _best(numbers, group, variant, k)
        title = looks.label(str(method), str(variant), k)
        place = f"sweep-{number}"
        number += 1
        if len(fields) > 1:
            yield _surface(place, title, group, fields[:2], best, metric)
        else:
            drawn = [name for name in numbers.swept.fields() if group[name].nunique() > 1]
            if named := [*fields, *drawn][:1]:
                yield _line(place, title, group, named[0], best, metric, looks.colour(str(method)))


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
            "x": words.setting(row[x]), "y": words.setting(row[y]), "error": row["error"],
            "ratio": row["error"] / lowest["error"].min(), "diverged": bool(gone),
            "chosen": best.get(x) == row[x] and best.get(y) == row[y],
        }
        for row, gone in zip(records(lowest), lost, strict=True)
    ]  # fmt: skip
    cell = {"x": names("x", title=symbols.plain(x)), "y": names("y", title=symbols.plain(y), sort="descending")}
    cell["x"]["scale"] = {"domain": [words.setting(value) for value in sorted(set(group[x]))]}
    cell["y"] |= {"sort": None, "scale": {"domain": [words.setting(value) for value in sorted(set(group[y]))[::-1]]}}
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


def _line(
    place: str, title: str, group: pd.DataFrame, field: str, best: dict[str, Any], metric: str, colour: str
) -> Chart:
    """The error of each configuration over one field."""
    is_number = pd.api.types.is_numeric_dtype(group[field].dropna().infer_objects())
    value = (lambda each: each) if is_number else str
    rows = [
        {"x": value(row[field]), "error": row["error"], "chosen": best.get(field) == row[field], "row": title}
        for row in records(group.sort_values(field))
        if words.has(row["error"]) and words.has(row[field])
    ]
    low = min((row["x"] for row in rows if is_number), default=0)
    kind: dict[str, Any] = {"type": "log", "nice": False} if is_number and low > 0 else {"zero": False}
    x = quantity("x", symbols.plain(field), scale=kind) if is_number else names("x", title=symbols.plain(field))
    shown = {"color": coloured("row", {title: colour}), "x": x}
    filled = {"condition": {"test": "datum.chosen", "value": 160}, "value": 30}
    tip = [{"field": "x", "title": symbols.plain(field)}, {"field": "error", "title": metric}]
    y = quantity(
        "error",
        metric,
        scale={"type": "log", "nice": False},
        axis={"format": ".3~g", "tickCount": 5, "labelOverlap": "greedy"},
    )
    spec = {
        "height": 190,
        "mark": {"type": "point", "filled": True, "opacity": 0.85},
        "encoding": {**shown, "y": y, "size": filled, "tooltip": tip},
    }
    alt = f"{title}: {metric} over {symbols.plain(field)}; the large dot is what is chosen."
    table = Table(alt, (symbols.plain(field), metric), tuple((_text(row["x"]), _error(row)) for row in rows))
    values = columns(rows, ("x", "error", "chosen", "row"))
    return chart(place, title, spec, values, alt=alt, table=table, colours={title: colour})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else words.setting(value)


def _error(row: dict[str, Any]) -> str:
    return f"{row['error']:#.5g}" if words.has(row["error"]) else words.MISSING
