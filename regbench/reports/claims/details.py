"""The comparisons and the cells that decide single claims."""

from dataclasses import replace
from typing import Any

from regbench.analysis.claims import Answer, Finding, Findings
from regbench.analysis.claims.numbers import PAPER
from regbench.analysis.claims.rows import Row
from regbench.analysis.claims.tree import Comparison
from regbench.reports.claims import data, words
from regbench.reports.claims.words import AGGREGATES, named
from regbench.reports.report import Table
from regbench.reports.text.words import MISSING, has, signed


def table(findings: Findings, source: str, method: str) -> Table:
    """For each claim the comparisons that decide it, and its cells: ours with N beside the paper's."""
    notes = (method, *findings.notes)
    first, *others = [
        table
        for finding in findings.claims
        for table in (_comparisons(finding), _cells(finding, findings, source, notes))
    ]
    return replace(first, others=tuple(others))


def _comparisons(finding: Finding) -> Table:
    claim, answers = finding.claim, finding.answers
    reading = f" Read as: {claim.reading}" if claim.reading else ""
    rows = [
        (
            statement,
            dataset or "all",
            *(_interval(data.find(one, statement, dataset)) for one in answers.values()),
        )
        for statement, dataset in data.deciding(finding)
    ]
    return Table(
        f"{claim.id}: “{claim.text}” (section {claim.section}).{reading}",
        ("comparison", "dataset", *map(named, answers)),
        tuple(rows),
        tuple(line for name, answer in answers.items() for line in _judged(answer, name)),
        index=2,
    )


def _cells(finding: Finding, findings: Findings, source: str, notes: tuple[str, ...]) -> Table:
    printed = finding.answers[PAPER].evidence
    assert printed
    rows = [
        (
            cell["alias"],
            cell["variant"],
            "" if cell["k"] is None else str(cell["k"]),
            words.error(printed.cell(cell["alias"], Row(cell["variant"], cell["k"])), printed=True),
            *(_mean(cell, metric) for metric in findings.metrics),
            f"{cell['n']}/{cell['n_expected']}" if cell["n_expected"] else MISSING,
        )
        for cell in (data.cell(dataset, row, finding, findings) for dataset, row in finding.cells)
    ]
    header = ("dataset", "method", "k", "paper", *map(words.label, findings.metrics), "N")
    columns = findings.paper.columns
    shown = dict.fromkeys(dataset for dataset, _ in finding.cells if dataset in columns)
    meaning = tuple(f"{name}: {columns[name].what}" for name in shown)
    return Table(f"The cells that decide it. {source}", header, tuple(rows), (*meaning, *notes), index=3)


def _judged(answer: Answer, name: str) -> list[str]:
    """The verdict; if it rests on means over datasets, also those by other kinds of mean and without one dataset."""
    lines = [f"{named(name)}: {answer.verdict}"]
    others = {f"by {AGGREGATES[how]}": by for how, by in answer.by_aggregator.items() if not by.missing}
    others |= {f"without {dataset}": fewer for dataset, fewer in answer.without.items()}
    for how, other in others.items():
        lines.append(f"{named(name)}, {how}: {other.verdict} ({words.why(other, name)})")
    return lines


def _interval(comparison: Comparison | None) -> str:
    if comparison is None:
        return MISSING
    verdict, found = comparison.doubt.verdict, comparison.found
    if found is None:
        return f"{comparison.shown}, {verdict}" if comparison.shown else verdict
    if comparison.dataset is None:
        return f"{words.bounds(comparison)}, {verdict}"
    value, low, high = (signed(100 * number) for number in (found.value, found.low, found.high))
    return f"{value} ({low} to {high}) %, {verdict}"


def _mean(cell: dict[str, Any], metric: str) -> str:
    value, low, high = (cell[f"{metric}_{part}"] for part in ("mean", "low", "high"))
    if not has(value):
        return MISSING
    return f"{value:#.5g}" + (f" ({low:#.5g} to {high:#.5g})" if has(low) else "")
