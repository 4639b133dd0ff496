"""The claims of a paper checked against the paper's own tables and against our runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from regbench import metrics
from regbench.analysis.claims.doubt import FAILS, HOLDS, OPEN
from regbench.analysis.claims.evidence import Asked
from regbench.analysis.claims.measured import Chosen, Measured
from regbench.analysis.claims.numbers import OURS, PAPER, Numbers
from regbench.analysis.claims.printed import Printed
from regbench.analysis.claims.quantity import AGGREGATORS
from regbench.analysis.claims.rows import Row
from regbench.analysis.claims.statements import state
from regbench.analysis.claims.stored import Stored
from regbench.analysis.claims.tree import Comparison
from regbench.analysis.claims.tried import Tried
from regbench.analysis.scale import check_recorded
from regbench.errors import UsageError
from regbench.papers.claims import Claim, Paper
from regbench.papers.predicates import takes_means

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Answer:
    """The verdict of the paper's tables, or of our runs, on a claim.

    evidence: the numbers that decide, None where nothing has been run.
    about: what they are, where they are not errors of the paper's own benchmark; empty otherwise.
    benchmark: another one than the paper's own that has the runs; empty otherwise.
    """

    verdict: str
    deciding: tuple[Comparison, ...] = ()  # the comparisons that decide the verdict
    comparisons: tuple[Comparison, ...] = ()
    by_aggregator: Mapping[str, "Answer"] = field(default_factory=dict)  # only for a claim about means
    without: Mapping[str, "Answer"] = field(default_factory=dict)  # dataset → answer without it, if the verdict differs
    evidence: Printed | Measured | None = None
    about: str = ""
    benchmark: str = ""

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
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of each other benchmark; of ours under ""

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
    others: "Mapping[str, DataFrame]" = MappingProxyType({}),
    tried: Tried = MappingProxyType({}),
) -> Findings:
    """Check the claims of a paper, all or `only` some, against its tables and a frame of cells from the store.

    For a paper with columns, `measured` is not used: there is one answer of our runs, each column in its own metric.

    Args:
        paper: from `regbench.papers.claims.load`.
        frame: our runs; None where nothing has been run.
        chosen: what our sweeps chose: (dataset, row, k) → setting → value.
        only: ids of claims.
        measured: the metrics by which our runs are judged. They must be errors, because claims are about their ratios.
        others: the runs of further benchmarks that claims name.
        tried: what our sweeps tried.
    """
    if paper.columns:
        measured = (OURS,)
    else:
        for name in measured:
            _check_metric(name, frame)
    wanted = [paper.named(name) for name in only] or list(paper.claims)
    notes = tuple(frame.attrs.get("left_out", ())) if frame is not None and len(frame) else ()
    numbers = Numbers(paper, frame if frame is not None and len(frame) else None, chosen or {}, others, tried)
    evidence = numbers.own(measured)
    found: dict[str, Finding] = {}
    for claim in paper.with_included(only):
        own = {name: _answer(claim, paper, numbers.of(claim, name)) for name in (PAPER, *measured)}
        found[claim.id] = Finding(claim, _with_included(own, [found[name] for name in claim.includes]))
    epoch = () if frame is None else tuple(frame.attrs.get("decides", ()))
    frames = {"": frame, **others}
    splits = {name: tuple(sorted(set(of["split"]))) for name, of in frames.items() if of is not None and "split" in of}
    return Findings(paper, evidence, tuple(found[claim.id] for claim in wanted), notes, tuple(measured), epoch, splits)


def _check_metric(name: str, frame: "DataFrame | None") -> None:
    """Refuse a metric whose ratios mean nothing, and one that no run has."""
    about = metrics.about(name)
    if not about.is_error:
        raise UsageError(f"claims are about ratios of errors, and {about.label} ({about.direction}) is not an error")
    if frame is not None and len(frame):
        check_recorded(frame, name)


def _with_included(own: Mapping[str, Answer], included: Sequence[Finding]) -> dict[str, Answer]:
    """The answers to a claim, which fails where a claim that it includes fails, and holds only where all of them do."""
    answers = dict(own)
    for name, answer in own.items():
        for worse, verdicts in ((FAILS, (HOLDS, OPEN)), (OPEN, (HOLDS,))):
            found = [finding.answers[name] for finding in included if finding.answers[name].verdict == worse]
            if answer.verdict in verdicts and found:
                answers[name] = found[0]
                break
    return answers


def _answer(claim: Claim, paper: Paper, evidence: Printed | Measured | None) -> Answer:
    of_runs = not isinstance(evidence, Printed)
    said = {"evidence": evidence, "benchmark": claim.benchmark if of_runs else "", "about": about(claim, of_runs)}
    if evidence is None:
        return Answer(OPEN, **said)
    higher = frozenset(name for name, column in paper.columns.items() if column.better == "high")
    asked = Asked(evidence, paper.datasets, paper.baseline, higher=higher)
    answer = replace(_ask(claim, asked), **said)
    if not takes_means(claim.holds_if):
        return answer
    by = {aggregator: _ask(claim, replace(asked, aggregator=aggregator)) for aggregator in AGGREGATORS}
    by = {aggregator: replace(other, **said) for aggregator, other in by.items()}
    if answer.missing:
        return replace(answer, by_aggregator=by)
    fewer = {dataset: tuple(name for name in paper.datasets if name != dataset) for dataset in paper.datasets}
    without = {dataset: _ask(claim, replace(asked, datasets=left)) for dataset, left in fewer.items() if left}
    changed = {dataset: replace(other, **said) for dataset, other in without.items() if other.verdict != answer.verdict}
    return replace(answer, by_aggregator=by, without=changed)


def about(claim: Claim, of_runs: bool) -> str:
    """What a claim's numbers are, where they are not errors of the paper's own benchmark."""
    quantity = Stored(claim.quantity, claim.per).label if claim.quantity else ""
    return ", ".join(filter(None, [claim.benchmark if of_runs else "", quantity]))


def _ask(claim: Claim, asked: Asked) -> Answer:
    tree = state(claim.holds_if, asked)
    return Answer(tree.doubt.verdict, tree.deciding, tree.leaves)
