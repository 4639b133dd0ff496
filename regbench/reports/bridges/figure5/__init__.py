"""Figure 5 of "Building Bridges": error of soft binning by the number of bins, of `end2end` by its weight of the KL."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from regbench import catalog, metrics, variants
from regbench.analysis import aggregate, order, select, shared_seeds
from regbench.analysis.aggregate import finite, records
from regbench.errors import NothingMeasured, UsageError
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import ratio_table, tables
from regbench.reports.text import words

BY_K, BY_WEIGHT = "soft_binning", "end2end"  # the methods shown over k and over the weight
FIELD = "lambda_kl"
LEVELS = {"lsq": (0, (4, 2)), BY_K: (0, (6, 1, 1, 1))}  # what the lower panel compares with, and its dashes
DATASET = "diamonds"  # of the paper's lower panel
CELL = ["dataset", "method", "variant", "k", "n", "n_expected", "diverged"]
COLUMNS = ["panel", *CELL, FIELD, "mean", "std", "ratio", "ratio_std", "ratio_n", "validation", "chosen"]

NO_RATIO = {"ratio": np.nan, "ratio_std": np.nan, "ratio_n": 0}


@dataclass(frozen=True)
class Numbers:
    """One row per point, of the panels `k`, `weight` and, of the latter, `level`."""

    rows: pd.DataFrame
    metric: str
    base: int | None  # the k at which the upper panel's ratios are 1
    source: str
    notes: tuple[str, ...]


def compute(frame: pd.DataFrame, options: Options) -> Numbers:
    """The points of both panels; a panel needs several ks or several weights."""
    if len(options.k) > 1:
        raise UsageError(f"figure5 takes one k, at which weights are compared, not {len(options.k)}")
    frame = select(frame, datasets=options.datasets)
    cells = aggregate(frame)
    upper, base = _upper(cells, shared_seeds.by_cell(frame, options.metric), options)
    lower = _lower(frame, options)
    if upper.empty and lower.empty:
        raise NothingMeasured(
            f"neither several ks of {BY_K} nor several {FIELD} of {BY_WEIGHT} were run: `regbench run bridges-figure5`"
        )
    panels = {f"{BY_K} at several k": upper, f"{BY_WEIGHT} at several {FIELD}": lower}
    rows = pd.concat([part for part in panels.values() if len(part)], ignore_index=True).reindex(columns=COLUMNS)
    notes = (
        *words.synthetic(frame, rows["dataset"]),
        *words.gaps(rows),
        *(f"not drawn, as it was not run: {what}" for what, part in panels.items() if part.empty),
        *cells.attrs.get("left_out", ()),
    )
    return Numbers(rows, options.metric, base, words.source(frame, options), notes)


def table(numbers: Numbers) -> Table:
    """A block per panel."""
    metric, seeds = metrics.about(numbers.metric).label, words.seeds(numbers.rows)
    caption = f"Test {metric}, mean ± standard deviation over seeds. {numbers.source}; {seeds}."
    blocks = []
    if len(upper := _panel_rows(numbers, "k")):
        blocks.append(_by_k(upper, f"{BY_K}: test {metric} relative to k = {numbers.base}"))
    if len(lower := _panel_rows(numbers, "weight")):
        title = f"{BY_WEIGHT} by λKL on {order.alias(lower['dataset'].iloc[0])} at k = {lower['k'].iloc[0]}"
        blocks.append(_by_weight(pd.concat([_panel_rows(numbers, "level"), lower]), metric, title))
    return tables.stacked(caption, blocks, numbers.notes)


def draw(numbers: Numbers) -> Figure:
    """Above a line per dataset over k, below a line over the weight between the levels of two other methods."""
    from regbench.reports.bridges.figure5 import picture

    return picture.draw(numbers.rows, numbers.metric, numbers.base)


def _upper(
    cells: pd.DataFrame, errors: dict[shared_seeds.Key, shared_seeds.Errors], options: Options
) -> tuple[pd.DataFrame, int | None]:
    """Soft binning's cells of datasets with several ks, relative to k = 25, or to the largest k that all have.

    Ratios are over the seeds that both ks have.
    """
    mine = cells[(cells["variant"] == BY_K) & (cells["n"] + cells["diverged"] > 0)]
    mine = mine[mine.groupby("dataset")["k"].transform("nunique") > 1]
    whole = mine[mine["n"] > 0].groupby("dataset")["k"].agg(set)
    shared = set.intersection(*whole) if len(whole) else set()
    if not shared:
        return mine.iloc[:0], None
    base = variants.DEFAULT_K if variants.DEFAULT_K in shared else int(max(shared))
    mean, std = (f"{options.metric}_{statistic}" for statistic in ("mean", "std"))
    one = {row["dataset"]: errors.get(shared_seeds.key(row), {}) for row in records(mine[mine["k"] == base])}
    ratios = [_ratio(errors.get(shared_seeds.key(row), {}), one[row["dataset"]]) for row in records(mine)]
    points = mine[CELL].assign(panel="k", mean=mine[mean], std=mine[std])
    return points.assign(**{name: [ratio[name] for ratio in ratios] for name in NO_RATIO}), base


def _ratio(errors: shared_seeds.Errors, base: shared_seeds.Errors) -> dict[str, float]:
    found = shared_seeds.ratio(errors, base, methods=(BY_K, BY_K))
    if found is None:
        return NO_RATIO
    return {"ratio": found.mean / found.base, "ratio_std": found.std / found.base, "ratio_n": found.n}


def _lower(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """The weights of `end2end` on one dataset, and the levels of other methods there."""
    k = options.k[0] if options.k else variants.DEFAULT_K
    swept = _weights(frame[(frame["method"] == BY_WEIGHT) & (frame["k"] == k).fillna(value=False)])
    several = swept.groupby("dataset")[FIELD].nunique()
    names = sorted(several.index[several > 1], key=lambda name: (name != DATASET, order.dataset_key(name)))
    if not names:
        return swept.iloc[:0]
    here = frame[(frame["dataset"] == names[0]) & tables.at_k(frame, k)]
    points = _points(here[here["method"] == BY_WEIGHT], options.metric, "weight")
    weights = dict(zip(swept["variant"], swept[FIELD], strict=True))
    points[FIELD] = points["variant"].map(weights)
    points = points[points[FIELD].notna()].sort_values(FIELD)
    points["chosen"] = points["validation"] == points["validation"].min()
    return pd.concat([points, _points(here[here["variant"].isin(LEVELS)], options.metric, "level")], ignore_index=True)


def _weights(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with all settings but the weight at their defaults; the weight in a column of its own."""
    if "hparams" not in rows:
        return rows.iloc[:0].assign(**{FIELD: 0.0})
    usual = {name: value for name, value in catalog.entry("methods", BY_WEIGHT).hparams.items() if name != FIELD}
    alike = [all(given.get(name, value) == value for name, value in usual.items()) for given in rows["hparams"]]
    kept = rows[np.array(alike, dtype=bool)]
    return kept.assign(**{FIELD: [given[FIELD] for given in kept["hparams"]]})


def _points(rows: pd.DataFrame, metric: str, panel: str) -> pd.DataFrame:
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


def _panel_rows(numbers: Numbers, panel: str) -> pd.DataFrame:
    return numbers.rows[numbers.rows["panel"] == panel]


def _by_k(rows: pd.DataFrame, title: str) -> Table:
    ks = sorted({int(k) for k in rows["k"]})
    usual = words.usual_seeds(rows)
    lines = []
    for dataset, group in rows.groupby("dataset", sort=False):
        found = {int(row["k"]): row for row in records(group)}
        cells = [ratio_table.ratio(found[k], usual) if k in found else "" for k in ks]
        lines.append((order.alias(str(dataset)), *cells))
    return Table("", ("dataset", *(f"k = {k}" for k in ks)), tuple(lines), title=title)


def _by_weight(rows: pd.DataFrame, metric: str, title: str) -> Table:
    usual = words.usual_seeds(rows)
    lines = []
    for row in records(rows):
        name = row["method"] if pd.isna(row[FIELD]) else f"λKL = {row[FIELD]:.3g}"
        error = words.cell(row, row["mean"], row["std"], usual, tables.DIGITS)
        validation = f"{row['validation']:#.5g}" if words.has(row["validation"]) else words.MISSING
        lines.append((name, error, validation, "lowest" if row["chosen"] is True else ""))
    header = ("", f"test {metric}", f"validation {metric}", "on validation")
    return Table("", header, tuple(lines), title=title)


REPORT = Report(
    title="Figure 5: the number of bins, and the weight of the KL term",
    compute=compute,
    table=table,
    draw=draw,
    benchmark="bridges-figure5",
    or_last=False,
)
