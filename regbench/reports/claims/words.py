"""What decides a claim, and what would change the verdict, in a few words."""

import math
from collections import Counter
from dataclasses import replace

from regbench import metrics
from regbench.analysis.claims import Answer, Finding
from regbench.analysis.claims.numbers import OURS, PAPER
from regbench.analysis.claims.quantity import Quantity
from regbench.analysis.claims.rows import Missing
from regbench.analysis.claims.tree import Comparison
from regbench.reports.text.words import MISSING

AGGREGATES = {"arithmetic": "arithmetic mean", "geometric": "geometric mean", "median": "median"}
SHOWN = 2  # comparisons that are named; the rest are counted


def named(name: str) -> str:
    """The name of an answer in tables: the paper's, or ours in a metric.

    >>> named("paper"), named("rmse")
    ("paper's table", 'ours, RMSE')
    """
    return "paper's table" if name == PAPER else "ours" if name == OURS else f"ours, {metrics.about(name).label}"


def label(metric: str) -> str:
    """What our numbers are, above a column: a metric, or whatever the row's own column shows."""
    return named(OURS) if metric == OURS else metrics.about(metric).label


def answers(finding: Finding) -> dict[str, tuple[str, str]]:
    """The verdict of each answer with its reasons; ours are one entry where all metrics agree."""
    found = {
        named(name): (answer.verdict, "; ".join(filter(None, [why(answer, name), *turns(answer)])))
        for name, answer in finding.answers.items()
    }
    ours = [found[named(name)] for name in finding.metrics]
    if len(ours) > 1 and all(answer == ours[0] for answer in ours):
        return {named(PAPER): found[named(PAPER)], "ours": ours[0]}
    return found


def why(answer: Answer, name: str) -> str:
    """The first comparisons that decide, with their numbers; or what is missing."""
    if answer.evidence is None:
        return "nothing has been run"
    if answer.about:
        return f"{answer.about}: {why(replace(answer, about=''), name)}"
    if answer.missing:
        reasons = Counter(answer.missing.values())
        return "; ".join(f"{count} cell{'s' * (count > 1)}: {why}" for why, count in reasons.items())
    parts = list(dict.fromkeys(_words(comparison, answer, name) for comparison in answer.deciding))
    more = len(parts) - SHOWN
    return "; ".join(parts[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _words(comparison: Comparison, answer: Answer, name: str) -> str:
    found = comparison.found
    if comparison.dataset is None:
        number = f": {bounds(comparison)}" if found else f": {comparison.shown}" if comparison.shown else ""
        return f"{comparison.measure or comparison.statement}{number}"
    ks = {row.k for _, row in comparison.cells} - {None}
    shown = []
    for dataset, row in comparison.cells:
        assert answer.evidence
        number = answer.evidence.cell(dataset, row)
        shown.append(f"{row.variant if len(ks) < 2 else row} {error(number, printed=name == PAPER)}")
    at = f", k = {ks.pop()}" if len(ks) == 1 else ""
    return f"{comparison.dataset}{at}: {', '.join(shown)}"


def bounds(comparison: Comparison) -> str:
    """The number of a comparison that is not about one dataset, and its interval."""
    assert comparison.found
    value, low, high = (
        f"{number:{comparison.digits}}".rstrip(".")
        for number in (comparison.found.value, comparison.found.low, comparison.found.high)
    )
    return f"{value} ({low} to {high})"


def error(number: Quantity | Missing, *, printed: bool) -> str:
    """A cell: with the printed digits, or with four significant ones."""
    if isinstance(number, Missing):
        return MISSING
    return (
        f"{number.value:.{round(-math.log10(number.high - number.low))}f}"
        if printed
        else f"{number.value:#.4g}".rstrip(".")
    )


def turns(answer: Answer) -> list[str]:
    """What would change the verdict: other means, or one dataset less."""
    other: dict[str, list[str]] = {}
    for dataset, fewer in answer.without.items():
        other.setdefault(fewer.verdict, []).append(dataset)
    return [*otherwise(answer), *(f"without {' or '.join(datasets)}: {verdict}" for verdict, datasets in other.items())]


def otherwise(answer: Answer) -> list[str]:
    """The means over datasets that would change the verdict."""
    other: dict[str, list[str]] = {}
    for how, by in answer.by_aggregator.items():
        if by.verdict != answer.verdict:
            other.setdefault(by.verdict, []).append(AGGREGATES[how])
    return [f"by {' and '.join(how)}: {verdict}" for verdict, how in other.items()]
