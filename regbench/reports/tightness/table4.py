"""Table 4 of "Improving Deep Regression with Tightness": order and volume of features, with ours on tables."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.papers import tightness
from regbench.papers.tightness import METHODS, SIMILARITIES
from regbench.reports.report import Beside, Options, Report, Table
from regbench.reports.shared import tables
from regbench.reports.text import words
from regbench.reports.tightness import cells

OURS = "tightness-features"
UNMEASURED = ("elevators", "ailerons")  # where ours is empty
MEASURED = (*SIMILARITIES, "tightness")
COLUMNS = {
    "rmse_all": "RMSE (ALL)",
    "spearman_cosine": "ρ cos",
    "kendall_cosine": "τ cos",
    "volume_cosine": "volume cos",
    "spearman_euclidean": "ρ Eucl",
    "kendall_euclidean": "τ Eucl",
    "volume_euclidean": "volume Eucl",
}
HIGHER = tuple(name for name in SIMILARITIES if not name.startswith("volume"))
EMPTY = pd.DataFrame(columns=["dataset", "variant", "metric", "epoch", "n", "n_expected", "mean", "std"])


@dataclass(frozen=True)
class Numbers(cells.Numbers):
    """The paper's cells; and those of our features, one row per dataset, variant and metric."""

    features: pd.DataFrame


def compute(given: Beside, options: Options) -> Numbers:
    """The paper's numbers on depth, and our metrics of features of tables."""
    rows = cells.beside(tightness.table4(), cells.measured(None, {}), HIGHER)
    frame = given.cells.get(OURS)
    features = _features(given.features, frame)
    datasets = dict.fromkeys(features["dataset"])
    if options.methods or options.datasets:
        own = features.assign(method=features["variant"].map(tightness.parts), column=features["dataset"])
        both = pd.concat([rows, own], ignore_index=True)
        kept = cells.chosen(both, options, tuple(datasets))
        rows = cells.chosen(rows, Options(methods=tuple(set(kept["method"]) & set(rows["method"]))))
        features = features.merge(kept[["dataset", "variant"]].dropna().drop_duplicates(), on=["dataset", "variant"])
    notes = (
        "Spearman's ρ and Kendall's τ: rank correlation of the distances of features with those of labels, higher is "
        "better; volume: the mean distance of features, which in Euclidean distance grows with their size",
        "tightness: the share of the variance of features that is left where the prediction is the same",
        *words.synthetic(frame if frame is not None else pd.DataFrame(), datasets),
        *([] if len(features) else [f"{cells.NOT_RUN}: no features were measured; `regbench run {OURS}` does it"]),
        "the paper's are of 1000 pixels of NYUD2-DIR, whose images are not here; ours of up to 1000 test rows of other "
        "tasks, so that only the order of methods can be compared",
        *cells.notes_of(frame),
    )
    return Numbers(rows, cells.source(frame, options), notes, features)


def table(numbers: Numbers) -> Table:
    """The paper's grid, and below it ours: a row per dataset and method."""
    features = numbers.features
    caption = (
        "Table 4, correlation between distances of features and of labels, and volume: mean ± standard deviation over "
        f"seeds. {cells.seeds(numbers.source, features)}"
    )
    paper = cells.grid("The paper's own Table 4, on NYUD2-DIR", numbers.rows, COLUMNS, [("", cells.printed)])
    labels = {name: metrics.about(name).label for name in MEASURED}
    usual = words.usual_seeds(features.assign(diverged=0)) if len(features) else words.Seeds(0, 0)
    lines = []
    for (dataset, variant), group in features.groupby(["dataset", "variant"], sort=False):
        found = {row["metric"]: row for row in records(group)}
        name = METHODS.get(tightness.parts(str(variant)), str(variant))
        texts = [_cell(found.get(metric), usual) for metric in labels]
        lines.append((order.alias(str(dataset)), name, cells.inside(str(variant)), *texts))
    lines = lines or [(order.alias(name), "all", "", *[cells.NOT_RUN] * len(labels)) for name in UNMEASURED]
    header = ("dataset", "method", "settings", *labels.values())
    own = tables.compact(Table("", header, tuple(lines), index=3, title=_title(features)))
    return tables.stacked(caption, [paper, own], numbers.notes)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The paper's cells, and ours."""
    return {"rows": cells.paper_alone(numbers.rows), "features": numbers.features}


def _features(long: pd.DataFrame | None, frame: pd.DataFrame | None) -> pd.DataFrame:
    """Mean and standard deviation of each metric at each run's last measured epoch; N of the jobs that were planned."""
    if long is None or frame is None or long["value"].notna().sum() == 0:
        return EMPTY
    names = {f"test/{metric}": metric for metric in MEASURED}
    known = long[long["name"].isin(list(names)) & long["value"].notna()]
    last = known.sort_values("epoch").drop_duplicates(["run_id", "variant", "name"], keep="last")
    planned = frame.groupby(["dataset", "variant"]).size()
    rows = [
        {
            "dataset": dataset,
            "variant": variant,
            "metric": names[str(name)],
            "epoch": "/".join(map(str, sorted(set(group["epoch"])))),
            "n": len(group),
            "n_expected": int(planned.get((dataset, variant), len(group))),
            "mean": float(group["value"].mean()),
            "std": float(group["value"].std(ddof=1)) if len(group) > 1 else None,
        }
        for (dataset, variant, name), group in last.groupby(["dataset", "variant", "name"], sort=False)
    ]
    made = pd.DataFrame(rows, columns=EMPTY.columns).astype({"mean": float, "std": float})
    listed = list(METHODS)

    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        own = tightness.parts(row["variant"])
        at = listed.index(own) if own in listed else len(listed)
        return order.dataset_key(row["dataset"]), at, row["variant"], MEASURED.index(row["metric"])

    return pd.DataFrame(sorted(records(made), key=place), columns=EMPTY.columns)


def _title(features: pd.DataFrame) -> str:
    epochs = "/".join(dict.fromkeys(features["epoch"]))
    return "Ours on other tasks" + (f", after epoch {epochs}" if epochs else "")


def _cell(row: dict[str, Any] | None, usual: words.Seeds) -> str:
    if row is None:
        return words.MISSING
    shown = cells.number(row["mean"], row["std"])
    return shown if (row["n"], row["n_expected"]) == usual else f"{shown} ({row['n']}/{row['n_expected']})"


REPORT = Report(
    title="Table 4: order and volume of features",
    compute=compute,
    table=table,
    frames=frames,
    needs="beside",
    shows=(OURS,),
    names=(
        "test/spearman_cosine",
        "test/kendall_cosine",
        "test/volume_cosine",
        "test/spearman_euclidean",
        "test/kendall_euclidean",
        "test/volume_euclidean",
        "test/tightness",
    ),
)
