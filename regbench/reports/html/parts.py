"""What sections of the page are made of: charts, each with its numbers as a table, tables and notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from regbench.reports.report import Table
from regbench.reports.shared import looks

DIGITS = 6  # significant digits of numbers in charts; tables have what the reports print
MOST_LINES = 40  # in one chart: more cannot be told apart
TICKS = {"tickCount": 5, "format": ".3~g", "labelOverlap": "greedy"}  # of an axis of errors
OWN = (*looks.SPARE, "#D55E00", "#009E73", "#CC79A7", "#0072B2", "#999933", "#882255")  # of variants of one method
DARKEST = 0.35  # relative luminance below which a colour is lightened on a dark page


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite chart without data: `values` are its columns.

    alt: what it shows, for those who do not see it. table: its numbers. kind: how the page treats hovering.
    colours: line → its colour; `spec` refers to them by the range `"@lines"`.
    """

    name: str
    title: str
    spec: Mapping[str, Any]
    values: Mapping[str, Sequence[Any]]
    alt: str
    table: Table | None = None
    kind: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """The chart as plain data for the page."""
        light = list(self.colours.values())
        palettes = {"names": list(self.colours), "light": light, "dark": [on_dark(colour) for colour in light]}
        return {"spec": self.spec, "values": self.values, "kind": self.kind, "colours": palettes}


@dataclass(frozen=True)
class Group:
    """Charts under one heading, which can be folded; without a title they stand by themselves."""

    charts: tuple[Chart, ...]
    title: str = ""
    opened: bool = True


@dataclass(frozen=True)
class Section:
    """A part of the page: what it shows, or why it has nothing to show."""

    name: str
    title: str
    lead: str = ""
    groups: tuple[Group, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""
    legend: bool = False  # one for all charts, by which lines are hidden and shown

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts of all groups."""
        return tuple(chart for group in self.groups for chart in group.charts)


def columns(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Rows as columns of plain values: numbers to `DIGITS` digits, None where there is none."""
    rows = list(rows)
    return {name: [plain(row.get(name)) for row in rows] for name in names}


def plain(value: Any) -> Any:
    """A value as JSON has it.

    >>> plain(0.123456789), plain(float("nan")), plain(np.int64(3)), plain(1.0)
    (0.123457, None, 3, 1)
    """
    if isinstance(value, str | bool) or value is None:
        return value
    if pd.isna(value) or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return None
    number = float(f"{float(value):.{DIGITS}g}")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def on_dark(colour: str) -> str:
    """The colour as it is on a dark page: dark ones are lightened.

    >>> on_dark("#4D4D4D"), on_dark("#56B4E9")
    ('#B4B4B4', '#56B4E9')
    """
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return looks.mixed(colour, min(0.8, 0.53 + DARKEST - light)) if light < DARKEST else colour


def palette(lines: Iterable[looks.Line]) -> dict[looks.Line, str]:
    """The colours of `looks`; but variants of one method, which are shades there, have colours of their own.

    >>> palette([("lsq", "lsq"), ("lsq", "lsq+rot"), ("lsq", "lsq+fds")])
    {('lsq', 'lsq'): '#8C8C8C', ('lsq', 'lsq+rot'): '#4477AA', ('lsq', 'lsq+fds'): '#EE6677'}
    """
    known = list(dict.fromkeys(lines))
    if len(known) <= 2 or len({method for method, _ in known}) > 1:
        return looks.colours(known)
    first, *others = known
    return {first: looks.colour(first[0]), **{line: OWN[place % len(OWN)] for place, line in enumerate(others)}}


def chart(name: str, title: str, spec: Mapping[str, Any], values: Mapping[str, Sequence[Any]], **more: Any) -> Chart:
    """A chart as wide as its place; of one with colours only the lines in the parameter `shown` are drawn."""
    whole = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}, **spec}
    if colours := more.get("colours"):
        shown = [{"filter": "indexof(shown, datum.row) >= 0"}]
        whole |= {"params": [{"name": "shown", "value": list(colours)}], "transform": shown}
    return Chart(name=name, title=title, spec=whole, values=values, **more)


def quantity(name: str, title: str | None, **more: Any) -> dict[str, Any]:
    """The encoding of a number."""
    return {"field": name, "type": "quantitative", "title": title, **more}


def errors_scale(*, is_log: bool, padding: int = 0) -> dict[str, Any]:
    """The scale of errors: logarithmic where all are above 0."""
    kind: dict[str, Any] = {"type": "log", "nice": False} if is_log else {"zero": False}
    return {**kind, "padding": padding}


def names(name: str, **more: Any) -> dict[str, Any]:
    """The encoding of names, in the order of the rows."""
    return {"field": name, "type": "nominal", "sort": None, "title": None, **more}


def coloured(name: str, colours: Mapping[str, str]) -> dict[str, Any]:
    """The encoding of lines by colour; the page replaces the range by that of its theme, and draws the legend."""
    return {"field": name, "type": "nominal", "legend": None, "scale": {"domain": list(colours), "range": "@lines"}}


def tips(*fields: str) -> list[dict[str, Any]]:
    """What is shown on hovering: these fields, under their own names."""
    return [{"field": field} for field in fields]
