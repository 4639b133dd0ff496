"""The runs that would decide open claims: the cells they need, and how many seeds might be enough."""

from collections import Counter
from math import ceil

from regbench.analysis.claims.doubt import ALLOWED, OPEN
from regbench.analysis.claims.findings import Finding, Findings
from regbench.analysis.claims.measured import Measured
from regbench.analysis.claims.numbers import PAPER
from regbench.analysis.claims.rows import Row
from regbench.analysis.claims.tree import Comparison

MOST_SEEDS = 100  # advice never asks for more


def worth(findings: Findings, *, choosing: bool = False) -> Counter[tuple[str, Row]]:
    """The number of open claims that need each cell."""
    cells = Counter(cell for finding in findings.open for cell in wanted(finding, choosing=choosing))
    ours = [one for one in findings.evidence.values() if isinstance(one, Measured)]
    if not (findings.paper.columns and ours):
        return cells
    own: Counter[tuple[str, Row]] = Counter()
    for (dataset, row), count in cells.items():
        own[dataset, ours[0].own(dataset, row)] += count
    return own


def wanted(finding: Finding, *, choosing: bool = False) -> frozenset[tuple[str, Row]]:
    """The cells that might decide a claim in the metrics where it is open; with `choosing`, those of settings too."""
    asked = [comparison for comparison in _open(finding) if comparison.by_errors or choosing]
    return frozenset(cell for comparison in asked for cell in comparison.cells)


def seeds_needed(finding: Finding) -> int | None:
    """How many seeds a cell might need for a claim to be decided, if all means stay where they are.

    None where cells are missing, where MOST_SEEDS are not enough, and where the claim is not about errors.
    """
    most = 0
    for metric in finding.metrics:
        answer = finding.answers[metric]
        ours = None if answer.benchmark else answer.evidence
        for comparison in answer.deciding if answer.verdict == OPEN else ():
            if comparison.found is None or not isinstance(ours, Measured):
                return None
            if comparison.doubt.verdict == OPEN:
                most = max(most, _seeds(comparison, min(ours.seeds(*cell)[0] for cell in comparison.cells)))
    return most if 0 < most <= MOST_SEEDS else None


def _open(finding: Finding) -> list[Comparison]:
    """The comparisons that leave our answers open; before there are runs, all comparisons of the claim."""
    found = []
    for metric in finding.metrics:
        answer = finding.answers[metric]
        if answer.verdict == OPEN and not answer.benchmark:  # else other benchmarks have the cells
            found += answer.deciding or finding.answers[PAPER].comparisons
    return found


def _seeds(comparison: Comparison, seeds: int) -> int:
    """The seeds needed: the standard error falls with their square root, and the doubt is that of a normal."""
    from scipy.special import ndtri

    doubt = min(comparison.doubt.of_true, comparison.doubt.of_false)
    now, needed = -float(ndtri(doubt)), -float(ndtri(ALLOWED))
    return max(seeds + 1, ceil(seeds * (needed / now) ** 2)) if now * MOST_SEEDS > needed else MOST_SEEDS + 1
