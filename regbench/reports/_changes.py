"""The picture of an ablation: curves over settings of many values, and below them a row for every other change."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.analysis import Ablation, Change, order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regbench.analysis.compare import DatasetDifference

CURVE = 3  # values beside the default from which on a setting is a curve
MARKERS = "osD^vP*X"  # of datasets, in their order
LABELS = {"lambda_sigma": r"$\lambda_\sigma$", "alpha": r"$\alpha$", "lambda_kl": r"$\lambda_\mathrm{KL}$"}
WIDE = 30  # times the smallest from which on an axis is logarithmic
ORDERS = 3  # of ten between ticks of a symmetric axis
Curves = dict[str, dict[str, list[Change]]]  # setting → method → its changes


def draw(ablation: Ablation, k: int | None, seeds: int) -> "Figure":
    """The changes at one k: mean over datasets with its interval, and the datasets themselves."""
    from matplotlib.figure import Figure

    from regbench.reports import _figure

    shown = [each for each in ablation.changes if each.comparison and each.k in (None, k)]
    datasets = sorted({part.dataset for each in shown for part in _parts(each)}, key=order.dataset_key)
    marks = {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(datasets)}
    curves = _curves(shown)
    drawn = {id(each) for methods in curves.values() for changes in methods.values() for each in changes}
    others = [each for each in shown if id(each) not in drawn]
    below = 0.45 + 0.17 * len(others) if others else 0.0
    heights = [1.9] * bool(curves) + [below] * bool(others)
    with _figure.style():
        figure = Figure(figsize=(_figure.TEXT, 0.45 + sum(heights)), layout="constrained")
        at = f"k = {k}, " if k is not None else ""
        figure.suptitle(f"{at}N = {seeds} seed{'s' * (seeds != 1)}; bars and bands: 95 % interval", fontsize=6.5)
        parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0] if heights else []
        label = f"test {ablation.metric.upper()}, % above the method's defaults"
        if curves:
            panels = parts[0].subplots(1, len(curves), squeeze=False, sharey=True)[0]
            for axes, (setting, methods) in zip(panels, curves.items(), strict=True):
                _panel(axes, setting, methods, marks)
            panels[0].set_ylabel("test " + ablation.metric.upper() + ",\n% above the defaults")
        if others:
            _forest(parts[-1].subplots(), others, marks, label)
        if len(marks) > 1:
            _legend(figure, marks)
    return figure


def _parts(change: Change) -> "tuple[DatasetDifference, ...]":
    return change.comparison.datasets if change.comparison else ()


def _curves(changes: Sequence[Change]) -> Curves:
    """Settings of which a method has several numbers, alone."""
    found: Curves = {}
    for each in changes:
        if len(each.settings) == 1 and "+" not in each.variant:
            ((name, value),) = each.settings.items()
            if isinstance(value, float):
                found.setdefault(name, {}).setdefault(each.method, []).append(each)
    several = {
        name: {method: each for method, each in methods.items() if len(each) >= CURVE}
        for name, methods in found.items()
    }
    return {name: methods for name, methods in several.items() if methods}


def _panel(axes: "Axes", setting: str, methods: dict[str, list[Change]], marks: dict[str, str]) -> None:
    from regbench.reports import _palette

    values: set[float] = set()
    for method, changes in methods.items():
        colour = _palette.COLOURS.get(method, "#000000")
        usual = float(catalog.row(method).hparams[setting])
        points = sorted([(_value(each, setting), each) for each in changes], key=lambda point: point[0])
        for name, mark in marks.items():
            own = {value: part.percent for value, each in points for part in _parts(each) if part.dataset == name}
            line = sorted({**own, usual: 0.0}.items())
            axes.plot(*zip(*line, strict=True), color=colour, alpha=0.4, linewidth=0.5, marker=mark, markersize=2)
        overall = [(value, each.comparison.overall) for value, each in points if each.comparison]
        line = sorted([(value, each.percent) for value, each in overall] + [(usual, 0.0)])
        axes.plot(*zip(*line, strict=True), color=colour, linewidth=1.3, label=_palette.LABELS.get(method, method))
        bounds = [(value, each.low, each.high) for value, each in overall if each.low is not None]
        if bounds:
            band = sorted([*bounds, (usual, 0.0, 0.0)])
            along, low, high = zip(*band, strict=True)
            axes.fill_between(along, low, high, color=colour, alpha=0.2, linewidth=0)
        values |= {value for value, _ in line}
    axes.axhline(0, color="black", linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
    axes.margins(x=0.04)
    _scale(axes, sorted(values))
    axes.set_xlabel(LABELS.get(setting, setting))
    axes.legend(loc="best", handlelength=1.4)


def _value(change: Change, setting: str) -> float:
    value = change.settings[setting]
    assert isinstance(value, float)
    return value


def _scale(axes: "Axes", values: list[float]) -> None:
    """Logarithmic where values span orders, with room for 0 and for negative ones where there are such."""
    from matplotlib.ticker import NullLocator

    sizes = sorted(abs(value) for value in values if value)
    if not sizes or sizes[-1] < WIDE * sizes[0]:
        if values[0] > 0:
            axes.set_xscale("log")
        axes.set_xticks(values, [f"{value:g}" for value in values])
    elif values[0] > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        axes.set_xscale("symlog", linthresh=sizes[0], linscale=0.6)
        powers = [size for place, size in enumerate(sorted(set(sizes), reverse=True)) if place % ORDERS == 0]
        signed = [sign * size for size in powers for sign in (-1, 1) if sign > 0 or values[0] < 0]
        ticks = sorted({0.0, *signed})
        axes.set_xticks(ticks, [_power(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _power(tick: float) -> str:
    """A tick in one form however small: −1e−4, 0, 1e−4, 1."""
    shown = f"{tick:.0e}".replace("e-0", "e-").replace("e+00", "") if tick else "0"
    return shown.replace("-", "−")


def _forest(axes: "Axes", changes: list[Change], marks: dict[str, str], label: str) -> None:
    from regbench.reports import _palette

    for place, change in enumerate(changes):
        colour = _palette.COLOURS.get(change.method, "#000000")
        for part in _parts(change):
            axes.plot(
                part.percent, place, marker=marks[part.dataset], markersize=3, markerfacecolor="none",
                markeredgecolor=colour, markeredgewidth=0.5, linestyle="none",
            )  # fmt: skip
        assert change.comparison is not None
        overall = change.comparison.overall
        axes.plot(overall.percent, place, marker="|", markersize=8, color=colour, markeredgewidth=1.5)
        if overall.low is not None and overall.high is not None:
            axes.plot([overall.low, overall.high], [place, place], color=colour, linewidth=1.3)
    names = [_palette.label(each.method, each.variant).replace("[", "(").replace("]", ")") for each in changes]
    axes.set_yticks(range(len(changes)), names)
    axes.set_ylim(-0.6, len(changes) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
    axes.set_xlabel(label)


def _legend(figure: "Figure", marks: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    look = {"linestyle": "none", "markersize": 3, "markerfacecolor": "none", "markeredgecolor": "#444444"}
    handles = [
        Line2D([], [], marker=mark, label=order.alias(name), markeredgewidth=0.5, **look)
        for name, mark in marks.items()
    ]
    handles.append(Line2D([], [], color="#444444", linewidth=1.3, label="mean"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1.2)
