"""The claims of a paper checked against the paper's own tables and against our runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from regbench import metrics
from regbench.analysis.claims.doubt import FAILS, OPEN
from regbench.analysis.claims.measured import Chosen, Measured
from regbench.analysis.claims.printed import Printed
from regbench.analysis.claims.quantity import AGGREGATORS
from regbench.analysis.claims.rows import Row
from regbench.analysis.claims.statements import Asked, Comparison, Evidence, state
from regbench.analysis.scale import check_recorded
from regbench.errors import UsageError, did_you_mean
from regbench.papers.claims import Claim, Paper, takes_means

if TYPE_CHECKING:
    from pandas import DataFrame

PAPER = "paper"
OURS = "ours"  # the answer of our runs where each column has its own metric


@dataclass(frozen=True)
class Answer:
    """The verdict of the paper's tables, or of our runs, on a claim."""

    verdict: str
    deciding: tuple[Comparison, ...] = ()  # the comparisons that decide the verdict
    comparisons: tuple[Comparison, ...] = ()
    by_aggregator: Mapping[str, "Answer"] = field(default_factory=dict)  # only for a claim about means
    without: Mapping[str, "Answer"] = field(default_factory=dict)  # dataset → answer without it, if the verdict differs

    @property
    def missing(self) -> dict[tuple[str, Row], str]:
        """The missing cells that a decision needs, each with the reason."""
        return {(dataset, row): why for comparison in self.deciding for dataset, row, why in comparison.missing.cells}


@dataclass(frozen=True)
class Finding:
    """A claim with every answer: by the paper's tables, and by our runs in each metric."""

    claim: Claim
    answers: Mapping[str, Answer]  # paper, and each metric of ours

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics by which our runs are judged."""
        return tuple(name for name in self.answers if name != PAPER)

    @property
    def open(self) -> bool:
        """Whether our runs leave it undecided in any metric."""
        return any(self.answers[metric].verdict == OPEN for metric in self.metrics)

    @cached_property
    def cells(self) -> dict[tuple[str, Row], tuple[str, ...]]:
        """The deciding cells in the order of the comparisons, each with the names of the answers that it decides."""
        found: dict[tuple[str, Row], tuple[str, ...]] = {}
        for name, answer in self.answers.items():
            for cell in dict.fromkeys(cell for comparison in answer.deciding for cell in comparison.cells):
                found[cell] = (*found.get(cell, ()), name)
        return found


@dataclass(frozen=True)
class Findings:
    """The findings on all claims asked about, and their evidence: `paper`, and each metric where there are runs."""

    paper: Paper
    evidence: Mapping[str, Printed | Measured]
    claims: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = metrics.USUAL
    epoch: tuple[str, ...] = ()  # the validation metrics by which epochs of our runs were chosen

    @property
    def has_runs(self) -> bool:
        """Whether there are jobs of ours to judge by."""
        return any(isinstance(one, Measured) and one.planned for one in self.evidence.values())

    @property
    def open(self) -> tuple[Finding, ...]:
        """The claims that our runs leave undecided."""
        return tuple(finding for finding in self.claims if finding.open)


def verify(
    paper: Paper,
    frame: "DataFrame | None" = None,
    *,
    chosen: Mapping[Chosen, Mapping[str, Any]] | None = None,
    only: Sequence[str] = (),
    measured: Sequence[str] = metrics.USUAL,
) -> Findings:
    """Check the claims of a paper, all or `only` some, against its tables and a frame of cells from the store.

    For a paper with columns, `measured` is not used: there is one answer of our runs, each column in its own metric.

    Args:
        paper: from `regbench.papers.claims.load`.
        frame: our runs; None where nothing has been run.
        chosen: what our sweeps chose: (dataset, row, k) → setting → value.
        only: ids of claims.
        measured: the metrics by which our runs are judged. They must be errors, because claims are about their ratios.
    """
    if paper.columns:
        measured = (OURS,)
    else:
        for name in measured:
            _check_metric(name, frame)
    wanted = [_named(name, paper) for name in only] or list(paper.claims)
    evidence: dict[str, Printed | Measured] = {PAPER: Printed(paper)}
    notes: tuple[str, ...] = ()
    has_runs = frame is not None and len(frame) > 0
    if paper.columns:  # without runs, it says of each column why
        evidence[OURS] = Measured(frame if has_runs else None, None, chosen, paper.columns)
    if frame is not None and has_runs:
        if not paper.columns:
            evidence |= {metric: Measured(frame, metric, chosen) for metric in measured}
        notes = tuple(frame.attrs.get("left_out", ()))
    needed = {claim.id for claim in wanted}
    for claim in reversed(paper.claims):  # a claim stands below those that it includes
        needed |= set(claim.includes) if claim.id in needed else set()
    found: dict[str, Finding] = {}
    for claim in paper.claims:
        if claim.id in needed:
            own = {name: _answer(claim, paper, evidence.get(name)) for name in (PAPER, *measured)}
            found[claim.id] = Finding(claim, _with_included(own, [found[name] for name in claim.includes]))
    epoch = () if frame is None else tuple(frame.attrs.get("decides", ()))
    return Findings(paper, evidence, tuple(found[claim.id] for claim in wanted), notes, tuple(measured), epoch)


def _check_metric(name: str, frame: "DataFrame | None") -> None:
    """Refuse a metric whose ratios mean nothing, and one that no run has."""
    about = metrics.about(name)
    if not about.is_error:
        raise UsageError(f"claims are about ratios of errors, and {about.label} ({about.direction}) is not an error")
    if frame is not None and len(frame):
        check_recorded(frame, name)


def _with_included(own: Mapping[str, Answer], included: Sequence[Finding]) -> dict[str, Answer]:
    """The answers to a claim, which fails where a claim that it includes fails."""
    answers = dict(own)
    for name, answer in own.items():
        failed = [finding.answers[name] for finding in included if finding.answers[name].verdict == FAILS]
        if answer.verdict != FAILS and failed:
            answers[name] = failed[0]
    return answers


def _named(name: str, paper: Paper) -> Claim:
    known = {claim.id: claim for claim in paper.claims}
    spelled = name.strip().lower().replace("_", "-")
    if spelled not in known:
        raise UsageError(f"no claim of {paper.name} is called '{name}'{did_you_mean(spelled, known)}")
    return known[spelled]


def _answer(claim: Claim, paper: Paper, evidence: Evidence | None) -> Answer:
    if evidence is None:
        return Answer(OPEN)
    higher = frozenset(name for name, column in paper.columns.items() if column.better == "high")
    asked = Asked(evidence, paper.datasets, paper.baseline, higher=higher)
    answer = _ask(claim, asked)
    if not takes_means(claim.holds_if):
        return answer
    by = {aggregator: _ask(claim, replace(asked, aggregator=aggregator)) for aggregator in AGGREGATORS}
    if answer.missing:
        return replace(answer, by_aggregator=by)
    fewer = {dataset: tuple(name for name in paper.datasets if name != dataset) for dataset in paper.datasets}
    without = {dataset: _ask(claim, replace(asked, datasets=left)) for dataset, left in fewer.items() if left}
    changed = {dataset: other for dataset, other in without.items() if other.verdict != answer.verdict}
    return replace(answer, by_aggregator=by, without=changed)


def _ask(claim: Claim, asked: Asked) -> Answer:
    tree = state(claim.holds_if, asked)
    return Answer(tree.doubt.verdict, tree.deciding, tree.leaves)
