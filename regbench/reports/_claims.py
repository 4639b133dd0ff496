"""The claims of a paper as a table: a row for each, or of one claim the comparisons and the cells that decide it."""

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from regbench.analysis.claims import FAILS, HOLDS, OPEN, VERDICTS, Answer, Finding, Findings
from regbench.analysis.claims.findings import METRICS, PAPER
from regbench.analysis.claims.rows import Row
from regbench.reports import _claims_data, _claims_words
from regbench.reports._claims_words import AGGREGATES, NAMES
from regbench.reports._report import Table
from regbench.reports._words import MISSING, has, signed

if TYPE_CHECKING:
    from regbench.analysis.claims.tree import Comparison

WIDTH = 120  # of text that goes to no terminal
NAMED, JUDGED = max(map(len, NAMES.values())), max(map(len, VERDICTS))
WORDS = {HOLDS: "hold", FAILS: "fail", OPEN: "cannot be decided"}


def blocks(findings: Findings, benchmark: str | None, width: int | None) -> str:
    """Of each claim its sentence, and below it a line for each verdict with what decides it."""
    width = width or WIDTH
    parts = [textwrap.fill(_caption(findings, benchmark), width)]
    for each in findings.claims:
        said = f"{each.claim.id}: “{each.claim.text}” (section {each.claim.section})"
        lines = [textwrap.fill(said, width, subsequent_indent="    ", break_on_hyphens=False)]
        for name, (verdict, why) in _claims_words.answers(each, findings).items():
            start = f"  {name:<{NAMED}}  {verdict:<{JUDGED}}  "
            indent = " " * len(start)
            lines.append(textwrap.fill(why, width, initial_indent=start, subsequent_indent=indent).rstrip())
        parts.append("\n".join(lines))
    notes = "\n".join(textwrap.fill(note, width, break_long_words=False) for note in _notes(findings))
    return "\n\n".join([*parts, notes])


def table(findings: Findings, benchmark: str | None) -> Table:
    """A row per claim, with its verdicts and what decides each."""
    measured = [name for name in METRICS if name in findings.evidence]
    rows = []
    for each in findings.claims:
        verdicts = [_verdict(each.answers[name]) for name in (PAPER, *METRICS)]
        why = [f"{NAMES[name]}: {_claims_words.why(each.answers[name], findings, name)}" for name in (PAPER, *measured)]
        rows.append((each.claim.id, f"“{each.claim.text}” ({each.claim.section})", *verdicts, "; ".join(why)))
    header = ("claim", "the paper says", *(NAMES[name] for name in (PAPER, *METRICS)), "decided by")
    return Table(_caption(findings, benchmark), header, tuple(rows), _notes(findings), index=1)


def details(findings: Findings, benchmark: str | None) -> list[Table]:
    """Of each claim the comparisons that decide it, and the cells: ours with N beside the paper's."""
    return [each for finding in findings.claims for each in _details(finding, findings, benchmark)]


def _details(finding: Finding, findings: Findings, benchmark: str | None) -> list[Table]:
    claim = finding.claim
    verdicts = tuple(each for name, answer in finding.answers.items() for each in _judged(answer, findings, name))
    reading = f" Read as: {claim.reading}" if claim.reading else ""
    caption = f"{claim.id}: “{claim.text}” (section {claim.section}).{reading}"
    compared = [
        (
            statement,
            dataset or "all",
            *(_interval(_claims_data.find(answer, statement, dataset)) for answer in finding.answers.values()),
        )
        for statement, dataset in _claims_data.deciding(finding)
    ]
    header = ("comparison", "dataset", *NAMES.values())
    known = [_claims_data.cell(dataset, row, finding, findings) for dataset, row in finding.cells]
    rows = [
        (
            each["alias"],
            each["variant"],
            "" if each["k"] is None else str(each["k"]),
            _claims_words.error(
                findings.evidence[PAPER].cell(each["alias"], Row(each["variant"], each["k"])), printed=True
            ),
            _mean(each, "rmse"),
            _mean(each, "mae"),
            f"{each['n']}/{each['n_expected']}" if each["n_expected"] else MISSING,
        )
        for each in known
    ]
    return [
        Table(caption, header, tuple(compared), verdicts, index=2),
        Table(
            f"The cells that decide it. {_source(findings, benchmark)}",
            ("dataset", "method", "k", "paper", "RMSE", "MAE", "N"),
            tuple(rows),
            (_method(findings), *findings.notes),
            index=3,
        ),
    ]


def _judged(answer: Answer, findings: Findings, name: str) -> list[str]:
    """The verdict, and where it rests on means the numbers by each kind of them, and without single datasets."""
    lines = [f"{NAMES[name]}: {answer.verdict}"]
    others = {f"by {AGGREGATES[how]}": by for how, by in answer.by_aggregator.items() if not by.missing}
    others |= {f"without {dataset}": fewer for dataset, fewer in answer.without.items()}
    for how, other in others.items():
        lines.append(f"{NAMES[name]}, {how}: {other.verdict} ({_claims_words.why(other, findings, name)})")
    return lines


def _interval(comparison: "Comparison | None") -> str:
    if comparison is None:
        return MISSING
    verdict, found = comparison.doubt.verdict, comparison.found
    if found is None:
        return verdict
    percent = comparison.dataset is not None
    shown = [signed(100 * each) if percent else f"{each:.3f}" for each in (found.value, found.low, found.high)]
    unit = " %" if percent else ""
    return f"{shown[0]} ({shown[1]} to {shown[2]}){unit}, {verdict}"


def _mean(cell: dict[str, Any], metric: str) -> str:
    value, low, high = (cell[f"{metric}_{each}"] for each in ("mean", "low", "high"))
    if not has(value):
        return MISSING
    return f"{value:#.5g}" + (f" ({low:#.5g} to {high:#.5g})" if has(low) else "")


def _verdict(answer: Answer) -> str:
    """The verdict, and by which other means it would be another."""
    other = "; ".join(_claims_words.otherwise(answer))
    return f"{answer.verdict} ({other})" if other else answer.verdict


def _caption(findings: Findings, benchmark: str | None) -> str:
    return f"The claims of “{findings.paper.title}”, against its own tables and ours. {_source(findings, benchmark)}"


def _source(findings: Findings, benchmark: str | None) -> str:
    if METRICS[0] not in findings.evidence:
        return "Nothing has been run."
    return f"Benchmark {benchmark}, at the epoch of lowest validation RMSE."


def _method(findings: Findings) -> str:
    """How a verdict comes about."""
    return (
        "a printed number is an interval, the one that its rounding leaves open; ours are means over seeds, compared "
        "seed by seed. A comparison is at 95 % by itself, a verdict corrected for how many of them its claim makes. "
        f"Means over datasets are arithmetic, of errors relative to {findings.paper.baseline}, unless said otherwise"
    )


def _notes(findings: Findings) -> tuple[str, ...]:
    """How a verdict comes about, what to know of the paper, and how many of each there are."""
    counts = []
    for name in (PAPER, *METRICS):
        count = Counter(each.answers[name].verdict for each in findings.claims)
        counts.append(f"{NAMES[name]}: " + ", ".join(f"{count[verdict]} {word}" for verdict, word in WORDS.items()))
    return (_method(findings), *findings.paper.notes, *findings.notes, *counts)
