"""The claims of the paper that a benchmark reproduces, each with its verdicts and what decides them."""

from dataclasses import dataclass

from regbench.analysis.claims import FAILS, HOLDS, Findings
from regbench.reports import claims
from regbench.reports.claims import words
from regbench.reports.report import Options

KINDS = {HOLDS: "holds", FAILS: "fails"}


@dataclass(frozen=True)
class Answer:
    """By whom, what, of which kind for colours (never by colour alone), and why."""

    by: str
    verdict: str
    kind: str
    why: str


@dataclass(frozen=True)
class Claim:
    """A claim and the answers to it. benchmark: whose runs decide it, if it is not that of the page."""

    name: str
    text: str
    section: str
    reading: str
    benchmark: str
    answers: tuple[Answer, ...]


def of(findings: Findings, options: Options) -> tuple[str, tuple[Claim, ...], tuple[str, ...]]:
    """What is claimed and how much of it holds, the claims, and the notes of `regbench verify`."""
    table = claims.table(claims.compute(findings, options))
    found = []
    for finding in findings.claims:
        answers = words.answers(finding)
        shown = tuple(Answer(by, verdict, KINDS.get(verdict, "open"), why) for by, (verdict, why) in answers.items())
        claim = finding.claim
        found.append(Claim(claim.id, claim.text, str(claim.section), claim.reading or "", claim.benchmark or "", shown))
    counted = (
        len(findings.metrics) + 1
    )  # the last notes have the number of each verdict: of the paper's table, and ours
    said = " ".join(f"{note[:1].upper()}{note[1:]}." for note in table.notes[-counted:])
    return f"{table.caption} {said}", tuple(found), table.notes[:-counted]
