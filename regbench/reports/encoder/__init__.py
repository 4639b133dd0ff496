"""What encoders and decoders became: entropy of the codes, error of encoding and decoding alone, spread of μ."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from regbench import variants
from regbench.analysis import select
from regbench.analysis.aggregate import finite, null, records
from regbench.analysis.comparable import with_width
from regbench.errors import NothingMeasured
from regbench.papers.bridges import WIDTH
from regbench.reports.encoder import picture
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import epochs, tables, units
from regbench.reports.shared.epochs import ROW
from regbench.reports.text import words

MOST_LINES = 9  # in a panel
NOTHING = 1e-12  # the entropy of a one-hot code whose zeros are the smallest share that methods use
DIAGNOSTICS = {"encoder/entropy": "mean H(ψ), nats", "encoder/rmse": "RMSE of μᵀψ(y)", "decoder/spread": "spread of μ"}
ERRORS = {"val/rmse": "validation RMSE", "test/rmse": "test RMSE"}
ONCE = {"stage1/seconds": "stage 1, s"}  # stored with epoch 0
NAMES = (*DIAGNOSTICS, *ERRORS, *ONCE)
EPOCHS = ("best", "last")


@dataclass(frozen=True)
class Numbers:
    """What the table and the panels show.

    rows: one per row of the table and epoch (best, last), mean and standard deviation over the n seeds.
    curves: one per row drawn, diagnostic and epoch: median, lowest and highest over seeds.
    """

    rows: pd.DataFrame
    curves: pd.DataFrame
    units: str  # in words
    source: str
    notes: tuple[str, ...]


def compute(frame: pd.DataFrame, options: Options) -> Numbers:
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
    statistics = [_statistics(runs.merge(_at(wide, epoch), on="run_id"), epoch) for epoch in EPOCHS]
    rows = epochs.in_order(pd.concat(statistics), ["at"])
    whole = epochs.whole(long[long["name"] == "val/rmse"])["run_id"]
    drawn, notes = _drawn(_curves(runs[runs["run_id"].isin(whole)], wide), options)
    return Numbers(
        rows=rows,
        curves=drawn,
        units=units.named(long),
        source=f"Benchmark {options.benchmark}; " if options.benchmark else "",
        notes=(*words.synthetic(frame, rows["dataset"]), *notes),
    )


def _drawn(curves: pd.DataFrame, options: Options) -> tuple[pd.DataFrame, list[str]]:
    """The curves that fit into a figure, of one k unless the user asked for several, and a note on the rest."""
    if curves.empty:
        return curves, ["nothing is drawn: a curve needs every epoch, and only the best and the last are here"]
    lines = list(epochs.lines(curves).values())
    several = len({null(line["k"]) for line in lines} - {None}) > 1 and not options.k
    at = variants.DEFAULT_K if any(line["k"] == variants.DEFAULT_K for line in lines) else lines[-1]["k"]
    shown = [line for line in lines if not several or null(line["k"]) in (None, at)]
    shown = sorted(shown, key=lambda line: line["variant"] != line["method"])[:MOST_LINES]
    keys = {epochs.line(line) for line in shown}
    kept = curves[[epochs.line(row) in keys for row in records(curves[epochs.LINE])]]
    more = len(lines) - len(shown)
    left = f"{more} more row{'s' * (more != 1)} of the table not drawn: choose with --method and --k"
    return kept, [left] if more else []


def _at(wide: pd.DataFrame, which: str) -> pd.DataFrame:
    """One row per run: its numbers at the epoch of lowest validation RMSE or at the last; stage 1's at either."""
    by_run = wide[wide["val/rmse"].notna()].groupby("run_id")
    places = by_run["val/rmse"].idxmin() if which == "best" else by_run["epoch"].idxmax()
    once = wide.groupby("run_id")[list(ONCE)].first().reset_index()
    return wide.loc[places].drop(columns=list(ONCE)).merge(once, on="run_id")


def _statistics(runs: pd.DataFrame, which: str) -> pd.DataFrame:
    rows = []
    for key, group in runs.groupby(ROW, dropna=False, sort=False):
        row = dict(zip(ROW, map(null, key), strict=True)) | {"at": which, "n": len(group)}
        for name in ("epoch", *NAMES):
            values = finite(group[name])
            row[f"{name}_mean"] = values.mean() if len(values) else np.nan
            row[f"{name}_std"] = values.std(ddof=1) if len(values) > 1 else np.nan
        rows.append(row)
    return pd.DataFrame(rows).astype({"k": "Int64", WIDTH: "Float64"})


def _curves(runs: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    trained = wide[wide["epoch"] > 0].melt(["run_id", "epoch"], value_vars=list(DIAGNOSTICS), var_name="name")
    long = runs.merge(trained[trained["value"].notna()], on="run_id")
    return epochs.over_seeds(long, "name")


def table(numbers: Numbers) -> Table:
    """A row per dataset, variant and k, at the best epoch."""
    best = numbers.rows[numbers.rows["at"] == "best"]
    shown = {**DIAGNOSTICS, **ERRORS} | (ONCE if best["stage1/seconds_mean"].notna().any() else {})
    rows = [
        (row, (str(row["n"]), f"{row['epoch_mean']:.0f}", *(_cell(row, name) for name in shown)))
        for row in records(best)
    ]
    caption = (
        f"Encoders and decoders over the validation rows at the epoch of lowest validation RMSE, mean ± standard "
        f"deviation over N seeds: entropy of the codes ψ, error of encoding and decoding alone, root mean squared "
        f"distance of the rows of μ from their mean; beside the errors of the prediction, all in {numbers.units}. "
        f"{numbers.source}the CSV has the last epoch too."
    )
    return tables.listed(caption, ("N", "epoch", *shown.values()), rows, numbers.notes)


def _cell(row: dict[str, Any], name: str) -> str:
    mean, spread = row[f"{name}_mean"], row[f"{name}_std"]
    if not words.has(mean):
        return words.MISSING
    if abs(mean) < NOTHING:
        return "0"
    if name in ONCE:
        return f"{mean:.2f}" + (f" ± {spread:.2f}" if words.has(spread) else "")
    shown = f" ± {words.number(spread, '#.2g')}" if words.has(spread) else ""
    return words.number(mean, "#.4g") + shown


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The table at both epochs, and the curves."""
    return {"rows": numbers.rows, "curves": numbers.curves}


def draw(numbers: Numbers) -> Figure:
    """A row of panels per dataset, a panel per diagnostic: median over seeds after every epoch, and their range."""
    return picture.draw(numbers.curves, list(dict.fromkeys(numbers.rows["dataset"])), DIAGNOSTICS)


REPORT = Report(
    title="What encoders and decoders became",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="curves",
    names=NAMES,
)
