"""What encoders and decoders became: entropy of the codes, error of encoding and decoding alone, spread of μ."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench import variants
from regbench.analysis import order, select
from regbench.analysis.aggregate import finite, null, records
from regbench.analysis.comparable import with_width
from regbench.errors import NothingMeasured
from regbench.papers.bridges import WIDTH
from regbench.reports import _ratios, _words
from regbench.reports._report import Options, Report, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from pandas import DataFrame

    Looks = dict[tuple[str, tuple[str, Hashable]], dict[str, Any]]

ROW = ["dataset", "method", "variant", "k", WIDTH]
LINE = ["method", "variant", "k"]  # the same in every panel
MOST_LINES = 9  # of a panel
NOTHING = 1e-12  # the entropy that the smallest share which methods know makes of a one-hot code
DIAGNOSTICS = {
    "encoder/entropy": "mean H(ψ), nats",
    "encoder/rmse": "RMSE of μᵀψ(y)",
    "decoder/spread": "spread of μ",
}
ERRORS = {"val/rmse": "validation RMSE", "test/rmse": "test RMSE"}
ONCE = {"stage1/seconds": "stage 1, s"}  # stored with epoch 0
NAMES = (*DIAGNOSTICS, *ERRORS, *ONCE)
EPOCHS = ("best", "last")
DASHES = ((0, (4, 1.2)), (0, (1, 1)), (0, (4, 1, 1, 1)))  # of the variants of a method, which differ in shade too


@dataclass(frozen=True)
class Numbers:
    """What the table and the panels show.

    rows: one per row of the table and epoch (best, last), mean and standard deviation over the n seeds.
    curves: one per row drawn, diagnostic and epoch: median, lowest and highest over seeds.
    """

    rows: "DataFrame"
    curves: "DataFrame"
    source: str
    notes: tuple[str, ...]


def compute(frame: "DataFrame", options: Options) -> Numbers:
    """Every row with a decoder or an encoder, at each run's epoch of lowest validation RMSE and at its last."""
    chosen = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    long = chosen[chosen["name"].isin(NAMES)]
    encoding = long.loc[long["name"].isin(list(DIAGNOSTICS)) & long["value"].notna(), "run_id"].unique()
    long = with_width(long[long["run_id"].isin(encoding)])
    if long.empty:
        raise NothingMeasured(
            "no run here has an encoder or a decoder of its own, or they were trained before these were looked at"
        )
    wide = long.pivot_table(index=["run_id", "epoch"], columns="name", values="value").reset_index()
    wide = wide.reindex(columns=["run_id", "epoch", *NAMES])
    runs = long[["run_id", *ROW]].drop_duplicates()
    rows = _sorted(pd.concat([_statistics(runs.merge(_at(wide, each), on="run_id"), each) for each in EPOCHS]), ["at"])
    curves = _sorted(_curves(_whole(long, runs), wide), ["name", "epoch"])
    drawn, notes = _drawn(curves, options)
    return Numbers(
        rows=rows,
        curves=drawn,
        source=f"Benchmark {options.benchmark}; " if options.benchmark else "",
        notes=(*_words.synthetic(frame, rows["dataset"]), *notes),
    )


def _whole(long: "DataFrame", runs: "DataFrame") -> "DataFrame":
    """The runs whose every epoch is here; a distilled export leaves most of them out."""
    if "epochs" not in long:
        return runs
    here = long[long["name"] == "val/rmse"].groupby("run_id").agg({"epoch": "nunique", "epochs": "max"})
    return runs[runs["run_id"].isin(here.index[here["epoch"] >= here["epochs"]])]


def _drawn(curves: "DataFrame", options: Options) -> tuple["DataFrame", list[str]]:
    """What a picture has room for: one k unless several were asked for, defaults before variants; and the rest."""
    if curves.empty:
        return curves, ["nothing is drawn: a curve needs every epoch, and only the best and the last are here"]
    lines = records(curves[LINE].drop_duplicates())
    several = len({null(line["k"]) for line in lines} - {None}) > 1 and not options.k
    at = variants.DEFAULT_K if any(line["k"] == variants.DEFAULT_K for line in lines) else lines[-1]["k"]
    shown = [line for line in lines if not several or null(line["k"]) in (None, at)]
    shown = sorted(shown, key=lambda line: line["variant"] != line["method"])[:MOST_LINES]
    keys = {_line(line) for line in shown}
    kept = curves[[_line(row) in keys for row in records(curves[LINE])]]
    more = len(lines) - len(shown)
    left = f"{more} more row{'s' * (more != 1)} of the table not drawn: choose with --method and --k"
    return kept, [left] if more else []


def _at(wide: "DataFrame", which: str) -> "DataFrame":
    """One row per run: its numbers at the epoch of lowest validation RMSE or at the last; stage 1's at either."""
    by_run = wide[wide["val/rmse"].notna()].groupby("run_id")
    places = by_run["val/rmse"].idxmin() if which == "best" else by_run["epoch"].idxmax()
    once = wide.groupby("run_id")[list(ONCE)].first().reset_index()
    return wide.loc[places].drop(columns=list(ONCE)).merge(once, on="run_id")


def _statistics(runs: "DataFrame", which: str) -> "DataFrame":
    rows = []
    for key, group in runs.groupby(ROW, dropna=False, sort=False):
        row = dict(zip(ROW, map(null, key), strict=True)) | {"at": which, "n": len(group)}
        for name in ("epoch", *NAMES):
            values = finite(group[name])
            row[f"{name}_mean"] = values.mean() if len(values) else np.nan
            row[f"{name}_std"] = values.std(ddof=1) if len(values) > 1 else np.nan
        rows.append(row)
    return pd.DataFrame(rows).astype({"k": "Int64", WIDTH: "Float64"})


def _curves(runs: "DataFrame", wide: "DataFrame") -> "DataFrame":
    trained = wide[wide["epoch"] > 0].melt(["run_id", "epoch"], value_vars=list(DIAGNOSTICS), var_name="name")
    long = runs.merge(trained[trained["value"].notna()], on="run_id")
    grouped = long.groupby([*ROW, "name", "epoch"], dropna=False)["value"]
    rows = grouped.agg(["median", "min", "max", "count"]).reset_index()
    return rows.rename(columns={"min": "low", "max": "high", "count": "n"})


def _sorted(rows: "DataFrame", then: list[str]) -> "DataFrame":
    """In the order of all tables, and within a row by these columns."""
    keys = [
        (
            order.dataset_key(row["dataset"]),
            order.row_key(row["method"], row["variant"], null(row["k"]), null(row[WIDTH])),
            *(row[name] for name in then),
        )
        for row in records(rows[[*ROW, *then]])
    ]
    return rows.iloc[sorted(range(len(rows)), key=keys.__getitem__)].reset_index(drop=True)


def table(numbers: Numbers) -> Table:
    """A row per dataset, variant and k, at the best epoch."""
    best = numbers.rows[numbers.rows["at"] == "best"]
    shown = {**DIAGNOSTICS, **ERRORS} | (ONCE if best["stage1/seconds_mean"].notna().any() else {})
    rows = tuple(
        (
            order.alias(row["dataset"]),
            *_ratios.row_names(row),
            str(row["n"]),
            f"{row['epoch_mean']:.0f}",
            *(_cell(row, name) for name in shown),
        )
        for row in records(best)
    )
    caption = (
        f"Encoders and decoders over the validation rows at the epoch of lowest validation RMSE, mean ± standard "
        f"deviation over N seeds: entropy of the codes ψ, error of encoding and decoding alone, root mean squared "
        f"distance of the rows of μ from their mean; beside the errors of the prediction, all in units of the target "
        f"scaled to [0, 1]. {numbers.source}the CSV has the last epoch too."
    )
    header = ("dataset", "method", "k", "λσ", "N", "epoch", *shown.values())
    return _ratios.compact(Table(caption, header, rows, numbers.notes, index=4))


def _cell(row: dict[str, Any], name: str) -> str:
    mean, spread = row[f"{name}_mean"], row[f"{name}_std"]
    if not _words.has(mean):
        return _words.MISSING
    if abs(mean) < NOTHING:
        return "0"
    if name in ONCE:
        return f"{mean:.2f}" + (f" ± {spread:.2f}" if _words.has(spread) else "")
    shown = f" ± {_words.number(spread, '#.2g')}" if _words.has(spread) else ""
    return _words.number(mean, "#.4g") + shown


def frames(numbers: Numbers) -> dict[str, "DataFrame"]:
    """The table at both epochs, and the curves."""
    return {"rows": numbers.rows, "curves": numbers.curves}


def draw(numbers: Numbers) -> "Figure":
    """A row of panels per dataset, a panel per diagnostic: median over seeds after every epoch, and their range.

    Without a run whose every epoch is here there is no panel.
    """
    from matplotlib.figure import Figure

    from regbench.reports import _figure

    datasets = list(dict.fromkeys(numbers.rows["dataset"]))
    looks = _looks(numbers.curves)
    with _figure.style():
        if numbers.curves.empty:
            return Figure()
        size = (_figure.TEXT, 0.5 + 1.5 * len(datasets) + 0.13 * -(-len(looks) // 3))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(datasets), len(DIAGNOSTICS), squeeze=False, sharex=True)
        for line, dataset in zip(panels, datasets, strict=True):
            for axes, name in zip(line, DIAGNOSTICS, strict=True):
                mine = numbers.curves[(numbers.curves["dataset"] == dataset) & (numbers.curves["name"] == name)]
                _panel(axes, mine, looks)
            line[0].set_ylabel(order.alias(dataset))
        for axes, label in zip(panels[0], DIAGNOSTICS.values(), strict=True):
            axes.set_title(label)
        for axes in panels[-1]:
            axes.set_xlabel("epoch")
        figure.legend(handles=_handles(numbers.curves, looks), loc="outside upper center", ncols=3, handlelength=2.6)
    return figure


def _panel(axes: "Axes", rows: "DataFrame", looks: "Looks") -> None:
    from matplotlib.ticker import MaxNLocator

    if rows.empty:
        axes.text(0.5, 0.5, _words.MISSING, transform=axes.transAxes, ha="center", va="center")
    for _, line in rows.groupby(ROW, dropna=False, sort=False):
        look = looks[_line(records(line)[0])]
        axes.plot(line["epoch"], line["median"], linewidth=0.9, **look)
        if (line["n"] > 1).any():
            axes.fill_between(line["epoch"], line["low"], line["high"], color=look["color"], alpha=0.2, linewidth=0)
    axes.set_ylim(0, 1.08 * (rows["high"].max() if len(rows) else 1) or 1)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _looks(rows: "DataFrame") -> "Looks":
    """The method's colour for each line; variants of one method are shades of it, dark to light, with dashes."""
    from regbench.reports import _palette

    lines = [_line(row) for row in records(rows[LINE].drop_duplicates())]
    base = {method: colour for (method, _), colour in _palette.colours((each, each) for each, _ in lines).items()}
    looks: Looks = {}
    for method, colour in base.items():
        mine = [line for line in lines if line[0] == method]
        plain = next((line for line in mine if line[1][0] == method), mine[0])
        others = [line for line in mine if line != plain]
        looks[plain] = {"color": colour, "linestyle": "-"}
        for place, line in enumerate(others):
            share = 2 * place / (len(others) - 1) - 1 if len(others) > 1 else -1
            looks[line] = {"color": _shade(colour, share), "linestyle": DASHES[place % len(DASHES)]}
    return {line: looks[line] for line in lines}


def _shade(colour: str, share: float) -> str:
    """The colour mixed with black, at a share of -1 as much as with itself, or with white, at 1."""
    mixed = (int(colour[place : place + 2], 16) * (1 - abs(share) / 2) + 127 * max(share, 0) for place in (1, 3, 5))
    return "#" + "".join(f"{round(each):02X}" for each in mixed)


def _handles(rows: "DataFrame", looks: "Looks") -> "list[Line2D]":
    from matplotlib.lines import Line2D

    from regbench.reports import _palette

    several = rows["k"].nunique() > 1
    named = {_line(row): row for row in records(rows[LINE].drop_duplicates())}
    labels = {
        line: _palette.label(row["method"], row["variant"]) + (f", k = {row['k']}" if several else "")
        for line, row in named.items()
    }
    return [Line2D([], [], label=labels[line], **look) for line, look in looks.items()]


def _line(row: dict[str, Any]) -> tuple[str, tuple[str, Hashable]]:
    """What has a look of its own: a method, and its variant and k."""
    return row["method"], (row["variant"], null(row["k"]))


REPORT = Report(
    title="What encoders and decoders became",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="curves",
    names=NAMES,
)
