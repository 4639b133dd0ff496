"""Which runs would decide what is open: the cells that claims wait for, and how many seeds might be enough."""

from collections import Counter
from math import ceil

from regbench.analysis.claims.doubt import ALLOWED, OPEN
from regbench.analysis.claims.findings import PAPER, Finding, Findings
from regbench.analysis.claims.measured import Measured
from regbench.analysis.claims.rows import Row
from regbench.analysis.claims.tree import Comparison

MOST_SEEDS = 100  # more than that is no advice


def worth(findings: Findings, *, choosing: bool = False) -> Counter[tuple[str, Row]]:
    """The number of open claims that wait for each cell."""
    return Counter(cell for finding in findings.open for cell in wanted(finding, choosing=choosing))


def wanted(finding: Finding, *, choosing: bool = False) -> frozenset[tuple[str, Row]]:
    """The cells that might decide a claim in a metric in which it is open: by errors, or, `choosing`, by settings."""
    return frozenset(cell for each in _open(finding) if each.by_errors or choosing for cell in each.cells)


def seeds_needed(finding: Finding, findings: Findings) -> int | None:
    """How many seeds a cell might need for a claim to be decided, if all means stay where they are.

    None where cells are missing, where no number up to MOST_SEEDS would do, and where errors do not decide.
    """
    most = 0
    for metric in finding.metrics:
        ours = findings.evidence.get(metric)
        for each in finding.answers[metric].deciding if finding.answers[metric].verdict == OPEN else ():
            if each.found is None or not isinstance(ours, Measured):
                return None
            if each.doubt.verdict == OPEN:
                most = max(most, _seeds(each, min(ours.seeds(*cell)[0] for cell in each.cells)))
    return most if 0 < most <= MOST_SEEDS else None


def _open(finding: Finding) -> list[Comparison]:
    """The comparisons that leave our answers open; before anything was run, all that the claim makes."""
    found = []
    for metric in finding.metrics:
        answer = finding.answers[metric]
        if answer.verdict == OPEN:
            found += answer.deciding or finding.answers[PAPER].comparisons
    return found


def _seeds(comparison: Comparison, seeds: int) -> int:
    """The standard error falls with the root of the number of seeds; what is allowed then is the normal quantile."""
    from scipy.special import ndtri

    doubt = min(comparison.doubt.of_true, comparison.doubt.of_false)
    now, needed = -float(ndtri(doubt)), -float(ndtri(ALLOWED))
    return max(seeds + 1, ceil(seeds * (needed / now) ** 2)) if now * MOST_SEEDS > needed else MOST_SEEDS + 1
