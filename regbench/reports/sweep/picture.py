"""Validation errors over what a sweep tried: a panel per dataset, surfaces by k and curves beside them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.analysis.sweeps import Swept
from regbench.reports.shared import drawing, looks
from regbench.reports.text import symbols

WORST = 1.3  # ratio to the best of the panel: all that is worse has the last colour
TICKS = (1.0, 1.01, 1.05, 1.1, 1.2, 1.3)
GAMMA = 0.5  # of the colours: most configurations are within a few percent of the best, and must not look alike
MAP = "viridis"
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.2)), (0, (1, 1)), (0, (5, 1, 1, 1)))  # the largest k is solid
HEIGHT = 1.15  # inches of a row of panels
ACROSS = 4  # panels in a row if there are only curves
MOST_LABELS = 4  # on one axis of a surface


def figure(tried: pd.DataFrame, cells: pd.DataFrame, swept: Swept, metric: str) -> Figure:
    """A row per dataset: one surface for each row and k with two fields, then the curves of all others.

    Where no row has two, the curves of several datasets stand side by side.
    """
    axes = pd.Series([tuple(_axes(row, swept)) for row in records(tried)], index=tried.index, dtype=object)
    tried = tried.assign(axes=axes, error=tried[f"val_{metric}"])
    tried = tried[tried["error"].notna() | (tried["diverged"] > 0)]
    flat, lines = tried[tried["axes"].map(len) > 1], tried[tried["axes"].map(len) < 2]
    surfaces = list(dict.fromkeys(flat[["method", "variant", "k"]].itertuples(index=False, name=None)))
    datasets = list(dict.fromkeys(tried["dataset"]))
    across = len(surfaces) + (not lines.empty) if surfaces else min(ACROSS, len(datasets))
    down = len(datasets) if surfaces else -(-len(datasets) // across)
    widths = [1.0] * len(surfaces) + [1.5] * (across - len(surfaces))
    height = 0.75 + 0.3 * (across < 3) + HEIGHT * down
    with drawing.figure(drawing.TEXT if across > 1 else drawing.COLUMN, height) as drawn:
        panels = drawn.subplots(down, across, squeeze=False, gridspec_kw={"width_ratios": widths})
        for panel in panels.ravel():
            panel.set_axis_off()  # until something is drawn on it
        image = None
        for place, dataset in enumerate(datasets):
            here, best = flat[flat["dataset"] == dataset], cells[cells["dataset"] == dataset]
            for panel, (method, variant, k) in zip(panels[place % down], surfaces, strict=False):
                panel.set_title(f"{looks.dataset(dataset)}, {looks.label(method, variant, k)}", pad=3)
                image = _surface(panel, here[_same(here, variant, k)], best[_same(best, variant, k)]) or image
            rest = lines[lines["dataset"] == dataset]
            if rest["error"].notna().any():
                panel = panels[place, -1] if surfaces else panels.ravel()[place]
                panel.set_title(looks.dataset(dataset), pad=3)
                _curves(panel, rest, best[best["carried_from_k"].isna()])
        _label(panels, flat, lines, metric, surfaces=len(surfaces))
        if image is not None:
            bar = drawn.colorbar(
                image, ax=panels[:, : len(surfaces)], location="bottom", aspect=45, pad=0.02, extend="max"
            )
            bar.set_ticks(list(np.log(TICKS)), labels=[f"{ratio:g}" for ratio in TICKS])
            marks = "×: diverged; ○: chosen"
            between = "; " if across > 1 else "\n"
            bar.set_label(f"validation {metrics.about(metric).label} relative to the panel's lowest{between}{marks}")
        if not lines.empty:
            _legend(drawn, lines, columns=5 if across > 2 else 2)
    return drawn


def _axes(row: Mapping[str, Any], swept: Swept) -> list[str]:
    """The fields of the sweep's first grid that this row has."""
    return [name for name in swept.axes(row["sweep"]) if not pd.isna(row[name])]


def _surface(axes: Axes, tried: pd.DataFrame, best: pd.DataFrame) -> Any:
    """The lowest error at each pair of values, whatever the other fields are."""
    if tried.empty:
        if carried := next((null(cell["carried_from_k"]) for cell in records(best)), None):
            axes.text(0.5, 0.5, f"carried from k = {carried}", ha="center", va="center", transform=axes.transAxes)
        return None
    axes.set_axis_on()
    x, y = tried["axes"].iloc[0][:2]
    lowest = tried.groupby([y, x])["error"].min().unstack(x)
    diverged = tried.assign(lost=tried["diverged"] > 0).groupby([y, x])["lost"].all().unstack(x)
    relative = np.log(lowest.to_numpy() / np.nanmin(lowest.to_numpy())) if lowest.notna().any(axis=None) else lowest
    columns, rows = lowest.columns.tolist(), lowest.index.tolist()
    scale = PowerNorm(GAMMA, vmin=0.0, vmax=np.log(WORST))
    image = axes.imshow(relative, origin="lower", aspect="auto", cmap=MAP, norm=scale)
    for row, column in np.argwhere(diverged.to_numpy(dtype=bool, na_value=False)):
        axes.plot(column, row, "x", color="black", markersize=3, markeredgewidth=0.6)
    for cell in records(best):
        if cell["values"].get(x) in columns and cell["values"].get(y) in rows:
            place = (columns.index(cell["values"][x]), rows.index(cell["values"][y]))
            axes.plot(*place, "o", markersize=5, markerfacecolor="none", markeredgecolor="white", markeredgewidth=1.0)
    for axis, values in ((axes.xaxis, columns), (axes.yaxis, rows)):
        every = 1 + (len(values) - 1) // MOST_LABELS
        axis.set_ticks(range(0, len(values), every), [_short(value) for value in values[::every]])
    axes.tick_params(length=1.5, pad=1, labelsize=drawing.SMALLEST)
    for side in axes.spines.values():
        side.set_visible(False)
    return image


def _curves(axes: Axes, tried: pd.DataFrame, best: pd.DataFrame) -> None:
    """The lowest error at each value of the one field of a grid; single points where values were drawn."""
    axes.set_axis_on()
    colours, dashes, field = _colours(tried), _dashes(tried), _field(tried)
    for key, line in tried.groupby(["method", "variant", "k"], dropna=False, sort=False):
        method, variant, k = map(null, key)
        at = line.groupby(field)["error"].min().dropna()
        if line["axes"].iloc[0]:
            drawing.line(axes, at.index, at, color=colours[method, variant], linestyle=dashes[k], linewidth=0.8)
        else:
            axes.plot(at.index, at, ".", color=colours[method, variant], markersize=2.5)
        for cell in records(best[_same(best, variant, k)]):
            if (value := cell["values"].get(field)) in at.index:
                axes.plot(value, at.loc[value], "o", color=colours[method, variant], markersize=3.5)
    axes.set_xscale("log")
    drawing.scale_errors(axes)
    axes.xaxis.set_major_locator(LogLocator(numticks=4))
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))  # an exponent above the line would be too small
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=drawing.SMALLEST, length=1.5, pad=1)


def _label(panels: Any, flat: pd.DataFrame, lines: pd.DataFrame, metric: str, *, surfaces: int) -> None:
    """The fields along the axes: below the last row, and left of each kind's first column."""
    if surfaces:
        x, y = flat["axes"].iloc[0][:2]
        for panel in panels[-1, :surfaces]:
            panel.set_xlabel(symbols.plain(x))
        for panel in panels[:, 0]:
            panel.set_ylabel(symbols.plain(y))
    if not lines.empty:
        field = _field(lines)
        for panel in panels[-1, surfaces:]:
            panel.set_xlabel(symbols.plain(field))
        for panel in panels[:, surfaces]:
            panel.set_ylabel(f"val. {metrics.about(metric).label}")


def _legend(drawn: Figure, lines: pd.DataFrame, *, columns: int) -> None:
    rows = sorted(_colours(lines).items(), key=lambda row: order.row_key(row[0][0], str(row[0][1]), None, None))
    handles = [
        Line2D([], [], color=colour, label=looks.label(method, str(variant))) for (method, variant), colour in rows
    ]
    dashes = {k: dash for k, dash in _dashes(lines).items() if k is not None}
    if len(dashes) > 1:
        handles += [Line2D([], [], color="black", linestyle=dash, label=f"k = {k}") for k, dash in dashes.items()]
    handles.append(Line2D([], [], color="black", marker="o", markersize=3.5, linestyle="", label="chosen"))
    drawn.legend(handles=handles, loc="outside upper center", ncols=columns, handlelength=1.8)


def _colours(lines: pd.DataFrame) -> dict[tuple[str, Any], str]:
    """A colour for each row, whatever its k."""
    return looks.colours(lines[["method", "variant"]].drop_duplicates().itertuples(index=False, name=None))


def _dashes(lines: pd.DataFrame) -> dict[int | None, Any]:
    """Solid for the largest k and for methods that ignore k."""
    ks = sorted((int(k) for k in lines["k"].dropna().unique()), reverse=True)
    return {None: DASHES[0], **{k: DASHES[min(place, len(DASHES) - 1)] for place, k in enumerate(ks)}}


def _field(lines: pd.DataFrame) -> str:
    """The field along the axis of curves: that of the grid, or the learning rate."""
    return next((axes[0] for axes in lines["axes"] if axes), "learning_rate")


def _same(rows: pd.DataFrame, variant: Any, k: Any) -> pd.Series:
    at = rows["k"].isna() if pd.isna(k) else (rows["k"] == k).fillna(value=False)
    return (rows["variant"] == variant) & at.astype(bool)


def _short(value: Any) -> str:
    """A value in few characters.

    >>> _short(3e-4), _short(0.0681292069058), _short(14.7), _short(1.0)
    ('3e-4', '0.068', '15', '1')
    """
    if value < 0.01:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return f"{value:.2g}"
