"""Several methods at once: comparisons corrected for their number, win rates, and ranks over datasets."""

from typing import Any

import pandas as pd

from regbench import metrics
from regbench.analysis import Comparison, Several, compare_several, order, scale, select
from regbench.reports import comparison as one
from regbench.reports.pairs import picture
from regbench.reports.report import Options, Report, Table
from regbench.reports.text import words

MOST_REMARKS = 3  # on how single pairs were trained


def compute(frame: pd.DataFrame, options: Options) -> Several:
    """All pairs of the methods asked for, by default of all rows at k = 25, as `regbench compare --all-pairs`."""
    beside = select(frame, datasets=options.datasets)
    return compare_several(beside, options.methods, all_pairs=True, metric=options.metric, k=options.k[:1])


def frames(several: Several) -> dict[str, pd.DataFrame]:
    """A row per comparison; ranks, and what beats what how often."""
    names = several.ranks.names
    rows = [{"a": found.a, "b": found.b, **_overall(found), "verdict": found.verdict} for found in several.comparisons]
    ranks = pd.DataFrame({"method": names, "mean_rank": several.ranks.mean_ranks})
    rates = [
        {"method": name, "beats": other, "share": rate}
        for name, line in zip(names, several.win_rates, strict=True)
        for other, rate in zip(names, line, strict=True)
        if rate is not None
    ]
    return {"comparisons": pd.DataFrame(rows), "ranks": ranks, "win_rates": pd.DataFrame(rates)}


def _overall(found: Comparison) -> dict[str, Any]:
    return {name: value for name, value in vars(found.overall).items() if name != "signed_rank"}


def table(several: Several) -> Table:
    """A row per comparison with the difference over datasets; then win rates, and mean ranks."""
    first = several.comparisons[0]
    about, count = metrics.about(first.metric), len(several.comparisons)
    lowest = min(found.overall.datasets for found in several.comparisons)
    widest = max(found.overall.datasets for found in several.comparisons)
    over = f"{lowest} datasets" if lowest == widest else f"{lowest} to {widest} datasets"
    header = (
        "method", "against", "difference", one.interval_of(first.level, first.comparisons), "chance better",
        "won, tied, lost", "verdict",
    )  # fmt: skip
    caption = (
        f"{one.evidence(first)} Test {about.label}, {count} comparisons over {over}, paired by seed. "
        f"{one.what_differs(about)}: negative is better for the first. Intervals hold for all {count} at once "
        "(Bonferroni); a dataset is won or lost where its own interval, corrected for datasets too, excludes zero."
    )
    grids = (_win_rates(several), _ranks(several)) if len(several.names) > 2 else ()
    return Table(caption, header, tuple(map(_row, several.comparisons)), tuple(_notes(several)), index=2, more=grids)


def _row(found: Comparison) -> tuple[str, ...]:
    overall, unit = found.overall, one.PERCENT if found.unit == scale.PERCENT else ""
    said = {"A is better": f"{found.a} is better", "B is better": f"{found.b} is better"}.get(
        found.verdict, found.verdict
    )
    return (
        found.a,
        found.b,
        words.signed(overall.percent, unit),
        words.interval(overall.low, overall.high, unit),
        one.chance(overall.p_better),
        f"{overall.won}, {overall.tied}, {overall.lost}",
        said,
    )


def _win_rates(several: Several) -> Table:
    rows = [
        (name, *("" if rate is None else f"{100 * rate:.0f} %" for rate in line))
        for name, line in zip(several.ranks.names, several.win_rates, strict=True)
    ]
    title = "Win rates: how often the row's method beats the column's, seeds averaged within datasets"
    return Table("", ("", *several.ranks.names), tuple(rows), title=title)


def _ranks(several: Several) -> Table:
    ranks = several.ranks
    rows = [
        (name, f"{rank:.2f}" if words.has(rank) else words.MISSING, _inseparable(several, place))
        for place, (name, rank) in enumerate(zip(ranks.names, ranks.mean_ranks, strict=True))
    ]
    title = f"Mean ranks over the {len(ranks.datasets)} datasets that every method has, 1 is best"
    return Table("", ("method", "mean rank", "not told apart from"), tuple(rows), title=title)


def _inseparable(several: Several, place: int) -> str:
    ranks = several.ranks
    if ranks.critical_difference is None:
        return words.MISSING
    near = [
        name
        for other, name in enumerate(ranks.names)
        if other != place and abs(ranks.mean_ranks[other] - ranks.mean_ranks[place]) <= ranks.critical_difference
    ]
    return ", ".join(near) or "–"


def _notes(several: Several) -> list[str]:
    ranks, first = several.ranks, several.comparisons[0]
    notes = []
    if ranks.iman_davenport_p is not None:
        notes.append(
            f"Friedman over {len(ranks.datasets)} datasets: chi-squared {ranks.friedman_chi2:.3g}, "
            f"p = {ranks.friedman_p:.2g}; with Iman and Davenport's F p = {ranks.iman_davenport_p:.2g}."
        )
    if ranks.critical_difference is not None:
        notes.append(
            f"Nemenyi: mean ranks that differ by less than {ranks.critical_difference:.2f} are not told apart at "
            f"{100 * first.level:g} %."
        )
    if ranks.holm_p is not None:
        apart = [
            f"{one_name} and {other} (p = {p:.2g})"
            for place, (one_name, line) in enumerate(zip(ranks.names, ranks.holm_p, strict=True))
            for other, p in zip(ranks.names[place + 1 :], line[place + 1 :], strict=True)
            if p is not None and p <= 1 - first.level
        ]
        notes.append(f"Wilcoxon with Holm's correction tells apart: {'; '.join(apart) or 'no pair'}.")
    notes += [f"refused: {why}." for why in ranks.refused]
    short = sorted({part.dataset for found in several.comparisons for part in found.datasets} - {*ranks.datasets})
    if short:
        notes.append(f"not in the ranks, because a method has no number there: {' '.join(map(order.alias, short))}.")
    datasets = {part.dataset for found in several.comparisons for part in found.datasets}
    missing = dict.fromkeys(line for found in several.comparisons for line in found.missing)
    remarks = list(dict.fromkeys(line for found in several.comparisons for line in found.notes))
    if len(remarks) > MOST_REMARKS:
        remarks = [
            *remarks[:MOST_REMARKS],
            f"{len(remarks) - MOST_REMARKS} more remarks: compare two methods for theirs",
        ]
    return [
        *words.generated(datasets),
        *notes,
        *(f"left out: {why}" for why in (*several.left_out, *missing)),
        *remarks,
        *one.conditions(first),
    ]


REPORT = Report(
    title="Several methods: which beats which, and ranks over datasets",
    compute=compute,
    table=table,
    frames=frames,
    draw=picture.draw,
    data=Several.data,
)
