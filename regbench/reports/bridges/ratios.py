"""The numbers of Figures 3 and 4 of the first paper: six methods at one k, as ratios to least squares."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from regbench import kinds, variants
from regbench.analysis import Normalized, normalize, order, select
from regbench.analysis.published import bridges_cells
from regbench.analysis.spread import spread
from regbench.errors import NothingMeasured, UsageError
from regbench.papers.bridges import WIDTH
from regbench.reports.report import Options
from regbench.reports.shared import looks, tables
from regbench.reports.text import symbols, words


@dataclass(frozen=True)
class Numbers:
    """The ratios drawn, their means with the spread over seeds, and the paper's own if they were asked for."""

    normalized: Normalized
    means: pd.DataFrame
    paper: Normalized | None
    k: int
    source: str
    notes: tuple[str, ...]


def compute(frame: pd.DataFrame, options: Options) -> Numbers:
    """The cells of the figure: the default variant of each method, at k = 25 unless the user chose another."""
    if len(options.k) > 1:
        raise UsageError(f"a figure shows one k, not {len(options.k)}: choose one with --k")
    k = options.k[0] if options.k else variants.DEFAULT_K
    baseline = options.normalize or "lsq"
    rows = select(frame, k=(k,), datasets=options.datasets, methods=options.methods)
    shown, notes = _one_variant_each(rows, explicit=bool(options.methods))
    ratios = normalize(shown, baseline=baseline, metric=options.metric, reference=frame)
    if not ratios.cells["ratio"].notna().any():
        raise NothingMeasured(f"no finished run at k = {k} that could be compared with {baseline}: nothing to draw")
    return Numbers(
        normalized=ratios,
        means=spread(shown, ratios),
        paper=_paper(shown, k, options, ratios.common) if options.paper else None,
        k=k,
        source=words.source(frame, options),
        notes=(
            *words.synthetic(frame, shown["dataset"]),
            *words.gaps(ratios.cells),
            *notes,
            *ratios.notes,
            *(["the paper does not say which λσ of soft binning its figures show"] if options.paper else []),
        ),
    )


def labelled(row: Any) -> str:
    """The label of a row in the figures; with λ_σ, which the method's name does not say where it is the default."""
    label = looks.label(row["method"], row["variant"])
    width = row[WIDTH]
    known = WIDTH in row["variant"] or not words.has(width)
    return label if known else f"{label}, {symbols.mathematics(WIDTH)} = {width:g}"


def beside(numbers: Numbers, rows: pd.DataFrame, published: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """The rows with the paper's numbers in columns of their own."""
    if numbers.paper is None:
        return rows
    keys = [column for column in ("dataset", "variant") if column in columns or column in published]
    theirs = published[[*keys, *columns]].rename(columns=columns)
    return rows.merge(theirs, on=keys, how="left")


def _one_variant_each(rows: pd.DataFrame, *, explicit: bool) -> tuple[pd.DataFrame, list[str]]:
    """The default variant of each method, or the first if the default was not run; all variants that were named.

    Reference models are drawn only where they were named, or where there is nothing else.
    """
    if explicit:
        return rows, []
    kept, gone = [], []
    reference = rows["method"].map(kinds.is_reference)
    if not reference.all():
        gone += sorted(set(rows.loc[reference, "variant"]))
        attrs, rows = rows.attrs, rows[~reference]
        rows.attrs = dict(attrs)
    for method, group in rows.groupby("method", sort=False):
        labels = sorted(set(group["variant"]))
        chosen = method if method in labels else labels[0]
        kept.append(group[group["variant"] == chosen])
        gone += [label for label in labels if label != chosen]
    shown = pd.concat(kept)
    shown.attrs = dict(rows.attrs)
    return shown, [f"not drawn: {', '.join(sorted(gone))}"] if gone else []


def _paper(shown: pd.DataFrame, k: int, options: Options, common: tuple[str, ...]) -> Normalized | None:
    """The same cells of Table 2; its means over the same datasets as ours."""
    if options.metric != "rmse" or (options.normalize or "lsq") != "lsq":
        raise UsageError("the paper's values are test RMSE relative to lsq: leave --metric and --normalize as they are")
    theirs = bridges_cells()
    names = {order.alias(dataset): dataset for dataset in set(shown["dataset"])}
    theirs["dataset"] = [names.get(order.alias(dataset), dataset) for dataset in theirs["dataset"]]
    wanted = set(zip(shown["dataset"], shown["variant"], strict=True))
    pairs = pd.Series(list(zip(theirs["dataset"], theirs["variant"], strict=True)), index=theirs.index)
    mine = theirs[pairs.isin(wanted) & tables.at_k(theirs, k)]
    if mine.empty:
        return None
    everywhere = normalize(mine, reference=theirs)
    on_common = mine[mine["dataset"].isin(common)]
    means = normalize(on_common, reference=theirs).means if len(on_common) else everywhere.means.iloc[:0]
    return Normalized(everywhere.cells, means, common, "lsq", "rmse", ())
