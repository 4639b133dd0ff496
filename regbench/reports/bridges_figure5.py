"""Figure 5 of "Building Bridges": error of soft binning by the number of bins, of `end2end` by its weight of the KL."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench import catalog, variants
from regbench.analysis import aggregate, order, select
from regbench.analysis.aggregate import finite, records
from regbench.errors import NothingMeasured, UsageError
from regbench.papers import bridges
from regbench.reports import _words
from regbench.reports._report import Options, Report, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

BY_K, BY_WEIGHT = "soft_binning", "end2end"  # whose error is shown against k, and against the weight
FIELD = "lambda_kl"
LEVELS = ("lsq", BY_K)  # what the lower panel compares with
DATASET = "diamonds"  # of the paper's lower panel
CELL = ["dataset", "method", "variant", "k", "n", "n_expected", "diverged"]
COLUMNS = ["panel", *CELL, FIELD, "mean", "std", "ratio", "ratio_std", "validation", "chosen"]


@dataclass(frozen=True)
class Numbers:
    """One row per point, of the panels `k`, `weight` and, of the latter, `level`."""

    rows: "DataFrame"
    metric: str
    base: int | None  # the k at which the upper panel's ratios are 1
    source: str
    notes: tuple[str, ...]


def compute(frame: "DataFrame", options: Options) -> Numbers:
    """The points of both panels, as far as there are several ks and several weights to show."""
    if len(options.k) > 1:
        raise UsageError(f"figure5 takes one k, at which weights are compared, not {len(options.k)}")
    frame = select(frame, datasets=options.datasets)
    cells = aggregate(frame)
    upper, base = _upper(cells, options)
    lower = _lower(frame, options)
    if upper.empty and lower.empty:
        raise NothingMeasured(
            f"neither several ks of {BY_K} nor several {FIELD} of {BY_WEIGHT} were run: `regbench run bridges-figure5`"
        )
    rows = pd.concat([part for part in (upper, lower) if len(part)], ignore_index=True).reindex(columns=COLUMNS)
    missing = [
        what
        for part, what in ((upper, f"{BY_K} at several k"), (lower, f"{BY_WEIGHT} at several {FIELD}"))
        if part.empty
    ]
    notes = (
        *_words.synthetic(frame, rows["dataset"]),
        *_words.gaps(rows),
        *(f"not drawn, for it was not run: {each}" for each in missing),
        *cells.attrs.get("left_out", ()),
    )
    return Numbers(rows, options.metric, base, _words.source(frame, options), notes)


def table(numbers: Numbers) -> Table:
    """A block per panel."""
    metric, seeds = numbers.metric.upper(), _words.seeds(numbers.rows)
    caption = f"Test {metric}, mean ± standard deviation over seeds. {numbers.source}; {seeds}."
    blocks = []
    if len(upper := _panel_rows(numbers, "k")):
        blocks.append(_by_k(upper, f"{BY_K}: test {metric} relative to k = {numbers.base}"))
    if len(lower := _panel_rows(numbers, "weight")):
        title = f"{BY_WEIGHT} by λKL on {order.alias(lower['dataset'].iloc[0])} at k = {lower['k'].iloc[0]}"
        blocks.append(_by_weight(pd.concat([_panel_rows(numbers, "level"), lower]), metric, title))
    first, *others = blocks
    return Table(caption, first.header, first.rows, numbers.notes, title=first.title, more=tuple(others))


def frames(numbers: Numbers) -> dict[str, "DataFrame"]:
    """One row per point."""
    return {"rows": numbers.rows}


def draw(numbers: Numbers) -> "Figure":
    """Above a line per dataset over k, below a line over the weight between the levels of two other methods."""
    from matplotlib.figure import Figure

    from regbench.reports import _figure

    panels = [
        (name, plot) for name, plot in (("k", _draw_k), ("weight", _draw_weight)) if len(_panel_rows(numbers, name))
    ]
    n = _words.seeds(numbers.rows).replace(" unless (n/planned) says otherwise", " but not in all")
    bars = "; error bars and bands: ± 1 std" if _words.usual_seeds(numbers.rows).n > 1 else ""
    with _figure.style():
        figure = Figure(figsize=(_figure.COLUMN, 0.15 + 2.15 * len(panels)), layout="constrained")
        figure.suptitle(f"{n}{bars}", fontsize=6.5)
        for axes, (_, plot) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            plot(axes, numbers)
    return figure


def _upper(cells: "DataFrame", options: Options) -> tuple["DataFrame", int | None]:
    """Soft binning's cells of datasets with several ks, relative to k = 25 or else to the largest that all have."""
    mine = cells[(cells["variant"] == BY_K) & (cells["n"] + cells["diverged"] > 0)]
    mine = mine[mine.groupby("dataset")["k"].transform("nunique") > 1]
    whole = mine[mine["n"] > 0].groupby("dataset")["k"].agg(set)
    shared = set.intersection(*whole) if len(whole) else set()
    if not shared:
        return mine.iloc[:0], None
    base = variants.DEFAULT_K if variants.DEFAULT_K in shared else int(max(shared))
    mean, std = (f"{options.metric}_{statistic}" for statistic in ("mean", "std"))
    one = mine[mine["k"] == base].set_index("dataset")[mean]
    scale = mine["dataset"].map(one).astype(float)
    points = mine[CELL].assign(panel="k", mean=mine[mean], std=mine[std])
    return points.assign(ratio=mine[mean] / scale, ratio_std=mine[std] / scale), base


def _lower(frame: "DataFrame", options: Options) -> "DataFrame":
    """The weights of `end2end` on one dataset, and the levels of other methods there."""
    k = options.k[0] if options.k else variants.DEFAULT_K
    swept = _weights(frame[(frame["method"] == BY_WEIGHT) & (frame["k"] == k).fillna(value=False)])
    several = swept.groupby("dataset")[FIELD].nunique()
    names = sorted(several.index[several > 1], key=lambda name: (name != DATASET, order.dataset_key(name)))
    if not names:
        return swept.iloc[:0]
    here = frame[(frame["dataset"] == names[0]) & (frame["k"].isna() | (frame["k"] == k).fillna(value=False))]
    points = _points(here[here["method"] == BY_WEIGHT], options.metric, "weight")
    weights = dict(zip(swept["variant"], swept[FIELD], strict=True))
    points[FIELD] = points["variant"].map(weights)
    points = points[points[FIELD].notna()].sort_values(FIELD)
    points["chosen"] = points["validation"] == points["validation"].min()
    return pd.concat([points, _points(here[here["variant"].isin(LEVELS)], options.metric, "level")], ignore_index=True)


def _weights(rows: "DataFrame") -> "DataFrame":
    """The rows that differ from the method's defaults in nothing but the weight, with it in a column of its own."""
    if "hparams" not in rows:
        return rows.iloc[:0].assign(**{FIELD: 0.0})
    usual = {name: value for name, value in catalog.entry("methods", BY_WEIGHT).hparams.items() if name != FIELD}
    alike = [all(given.get(name, value) == value for name, value in usual.items()) for given in rows["hparams"]]
    kept = rows[np.array(alike, dtype=bool)]
    return kept.assign(**{FIELD: [given[FIELD] for given in kept["hparams"]]})


def _points(rows: "DataFrame", metric: str, panel: str) -> "DataFrame":
    """Cells with the mean validation error by which a value would be chosen."""
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    cells = aggregate(rows)
    validation = {
        name: finite(group[f"val_{metric}"]).mean()
        for name, group in rows.groupby("variant")
        if len(finite(group[f"val_{metric}"]))
    }
    return cells[CELL].assign(
        panel=panel,
        mean=cells[f"{metric}_mean"],
        std=cells[f"{metric}_std"],
        validation=cells["variant"].map(validation).astype(float),
    )


def _panel_rows(numbers: Numbers, panel: str) -> "DataFrame":
    return numbers.rows[numbers.rows["panel"] == panel]


def _by_k(rows: "DataFrame", title: str) -> Table:
    ks = sorted({int(each) for each in rows["k"]})
    usual = _words.usual_seeds(rows)
    lines = []
    for dataset, group in rows.groupby("dataset", sort=False):
        found = {int(row["k"]): row for row in records(group)}
        cells = [
            _words.cell(found[k], found[k]["ratio"], found[k]["ratio_std"], usual) if k in found else "" for k in ks
        ]
        lines.append((order.alias(str(dataset)), *cells))
    return Table("", ("dataset", *(f"k = {k}" for k in ks)), tuple(lines), title=title)


def _by_weight(rows: "DataFrame", metric: str, title: str) -> Table:
    usual = _words.usual_seeds(rows)
    lines = []
    for row in records(rows):
        name = row["method"] if pd.isna(row[FIELD]) else f"λKL = {row[FIELD]:.3g}"
        error = _words.cell(row, row["mean"], row["std"], usual, ("#.5g", "#.2g"))
        validation = f"{row['validation']:#.5g}" if _words.has(row["validation"]) else _words.MISSING
        lines.append((name, error, validation, "lowest" if row["chosen"] is True else ""))
    header = ("", f"test {metric}", f"validation {metric}", "on validation")
    return Table("", header, tuple(lines), title=title)


def _draw_k(axes: "Axes", numbers: Numbers) -> None:
    from matplotlib.ticker import NullLocator

    from regbench.reports import _palette

    rows = _panel_rows(numbers, "k")
    shades = _palette.shades(BY_K, rows["dataset"].nunique())
    for number, (dataset, line) in enumerate(rows.groupby("dataset", sort=False)):
        axes.errorbar(
            line["k"].astype(int), line["ratio"], line["ratio_std"].fillna(0), color=shades[number],
            marker=_palette.marker(number), markersize=3, linewidth=0.9, elinewidth=0.6,
            label=order.alias(str(dataset)),
        )  # fmt: skip
    ks = sorted({int(k) for k in rows["k"]})
    axes.axhline(1, color="black", linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
    axes.set_xscale("log")
    axes.set_xticks(ks, [str(k) for k in ks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("number of bins k")
    axes.set_ylabel(f"test {numbers.metric.upper()} / at k = {numbers.base}")
    axes.legend(title=_palette.LABELS[BY_K], title_fontsize=6.5, handlelength=1.8)


def _draw_weight(axes: "Axes", numbers: Numbers) -> None:
    from regbench.reports import _palette

    rows = _panel_rows(numbers, "weight")
    dataset, k = order.alias(rows["dataset"].iloc[0]), int(rows["k"].iloc[0])
    for row in records(_panel_rows(numbers, "level")):
        _level(axes, row)
    colour = _palette.COLOURS[BY_WEIGHT]
    axes.errorbar(
        rows[FIELD], rows["mean"], rows["std"].fillna(0), color=colour, marker="o", markersize=3, linewidth=0.9,
        elinewidth=0.6, label=_palette.LABELS[BY_WEIGHT],
    )  # fmt: skip
    best = rows[rows["chosen"].astype(bool)]
    look = {
        "linestyle": "none",
        "marker": "o",
        "markersize": 6.5,
        "markerfacecolor": "none",
        "markeredgecolor": "black",
    }
    axes.plot(best[FIELD], best["mean"], label="lowest on validation", markeredgewidth=0.8, zorder=5, **look)
    if (printed := bridges.table3().get((k, dataset))) is not None:
        axes.axvline(printed, color="black", linewidth=0.6, linestyle=(0, (1, 2)), label="paper's choice", zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(f"weight of the KL term, λKL ({dataset}, k = {k})".replace("λKL", r"$\lambda_\mathrm{KL}$"))
    axes.set_ylabel(f"test {numbers.metric.upper()}")
    axes.margins(y=0.15)
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=3, handlelength=1.8, columnspacing=1.0)


def _level(axes: "Axes", row: dict[str, Any]) -> None:
    """Another method's mean as a line, with a band of one standard deviation."""
    from regbench.reports import _palette

    if not _words.has(row["mean"]):
        return
    colour = _palette.COLOURS[row["method"]]
    style = {"lsq": (0, (4, 2))}.get(row["method"], (0, (6, 1, 1, 1)))
    axes.axhline(row["mean"], color=colour, linewidth=0.9, linestyle=style, label=_palette.LABELS[row["method"]])
    if _words.has(row["std"]):
        axes.axhspan(row["mean"] - row["std"], row["mean"] + row["std"], color=colour, alpha=0.12, linewidth=0)


REPORT = Report(
    title="Figure 5: the number of bins, and the weight of the KL term",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    benchmark="bridges-figure5",
    or_last=False,
)
