"""Every claim of a paper: whether it holds, fails or cannot be decided, by the paper's own tables and by ours."""

import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import Any

from pandas import DataFrame

from regbench.analysis.claims import FAILS, HOLDS, OPEN, VERDICTS, Answer, Findings
from regbench.analysis.claims.numbers import PAPER
from regbench.reports.claims import data, details, words
from regbench.reports.claims.words import named
from regbench.reports.report import Options, Report, Table
from regbench.reports.text import render
from regbench.reports.text.words import best_epoch, split

WIDTH = 120  # of text that does not go to a terminal
JUDGED = max(map(len, VERDICTS))
WORDS = {HOLDS: "hold", FAILS: "fail", OPEN: "cannot be decided"}


@dataclass(frozen=True)
class Numbers:
    """The findings, the benchmark they rest on, and whether all comparisons and cells are shown."""

    findings: Findings
    benchmark: str | None
    detailed: bool


def compute(findings: Findings, options: Options) -> Numbers:
    return Numbers(findings, options.benchmark, bool(options.claims))


def plain(numbers: Numbers, width: int | None) -> str:
    """The sentence of each claim, and below it a line for each verdict with what decides it."""
    if numbers.detailed:
        return render.text(table(numbers), "table", width)
    findings, width = numbers.findings, width or WIDTH
    parts = [textwrap.fill(_caption(numbers), width)]
    longest = max(len(named(name)) for name in (PAPER, *findings.metrics))
    for finding in findings.claims:
        said = f"{finding.claim.id}: “{finding.claim.text}” (section {finding.claim.section})"
        lines = [textwrap.fill(said, width, subsequent_indent="    ", break_on_hyphens=False)]
        for name, (verdict, why) in words.answers(finding).items():
            start = f"  {name:<{longest}}  {verdict:<{JUDGED}}  "
            indent = " " * len(start)
            lines.append(textwrap.fill(why, width, initial_indent=start, subsequent_indent=indent).rstrip())
        parts.append("\n".join(lines))
    notes = "\n".join(textwrap.fill(note, width, break_long_words=False) for note in _notes(findings))
    return "\n\n".join([*parts, notes])


def table(numbers: Numbers) -> Table:
    """A row per claim, with its verdicts and what decides each; for single claims, what decides them."""
    findings = numbers.findings
    if numbers.detailed:
        return details.table(findings, _source(numbers), _method(findings))
    rows = []
    for finding in findings.claims:
        measured = [name for name in findings.metrics if finding.answers[name].evidence]
        verdicts = [_verdict(finding.answers[name]) for name in (PAPER, *findings.metrics)]
        why = [f"{named(name)}: {words.why(finding.answers[name], name)}" for name in (PAPER, *measured)]
        rows.append((finding.claim.id, f"“{finding.claim.text}” ({finding.claim.section})", *verdicts, "; ".join(why)))
    header = ("claim", "the paper says", *(named(name) for name in (PAPER, *findings.metrics)), "decided by")
    return Table(_caption(numbers), header, tuple(rows), _notes(findings))


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """One row per claim, and one per cell that decides it; for single claims, the cells first."""
    both = {"claims": data.frame(numbers.findings), "cells": data.cells(numbers.findings)}
    return dict(reversed(both.items())) if numbers.detailed else both


def as_data(numbers: Numbers) -> dict[str, Any]:
    """The verdicts, comparisons and cells of every claim."""
    return data.data(numbers.findings, numbers.benchmark)


def _verdict(answer: Answer) -> str:
    """The verdict, and the other means that would change it."""
    other = "; ".join(words.otherwise(answer))
    return f"{answer.verdict} ({other})" if other else answer.verdict


def _caption(numbers: Numbers) -> str:
    title = numbers.findings.paper.title
    return f"The claims of “{title}”, against its own tables and ours. {_source(numbers)}"


def _source(numbers: Numbers) -> str:
    if not numbers.findings.has_runs:
        return "Nothing has been run."
    findings = numbers.findings
    splits = {name: split(names) for name, names in findings.splits.items()}
    said = f"Benchmark {numbers.benchmark}, {best_epoch(findings.epoch)}; split: {splits.get('', split(()))}."
    others = {claim.benchmark for claim in (finding.claim for finding in findings.claims) if claim.benchmark in splits}
    if not others - {""}:
        return said
    beside = [f"{name} (split: {splits[name]})" for name in sorted(others - {""})]
    return f"{said} Claims that name another benchmark rest on {' and '.join(beside)}."


def _method(findings: Findings) -> str:
    """How verdicts are made, in words."""
    means = (
        f"Means over datasets are arithmetic, of errors relative to {findings.paper.baseline}, unless said otherwise"
    )
    if findings.paper.columns:
        means = "Each column of the tables is judged in its own metric, a squared error as the square of a run's RMSE"
    return (
        "a printed number is an interval, the one that its rounding leaves open; ours are means over seeds, compared "
        "seed by seed. A comparison is at 95 % by itself, a verdict corrected for how many of them its claim makes. "
        + means
    )


def _notes(findings: Findings) -> tuple[str, ...]:
    """How verdicts are made, remarks on the paper, and the number of each verdict."""
    counts = []
    for name in (PAPER, *findings.metrics):
        count = Counter(finding.answers[name].verdict for finding in findings.claims)
        counts.append(f"{named(name)}: " + ", ".join(f"{count[verdict]} {word}" for verdict, word in WORDS.items()))
    return (_method(findings), *findings.paper.notes, *findings.notes, *counts)


REPORT = Report(
    title="The claims of a paper",
    compute=compute,
    table=table,
    frames=frames,
    plain=plain,
    data=as_data,
    needs="claims",
    benchmark="bridges",
)
