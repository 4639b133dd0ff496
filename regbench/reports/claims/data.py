"""The claims of a paper as plain data: for JSON, and as frames for CSV."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from regbench.analysis import order
from regbench.analysis.claims import OPEN, Answer, Finding, Findings
from regbench.analysis.claims.measured import Measured
from regbench.analysis.claims.numbers import OURS, PAPER
from regbench.analysis.claims.quantity import Quantity
from regbench.analysis.claims.rows import Missing, Row
from regbench.analysis.claims.stored import Stored
from regbench.analysis.claims.tree import Comparison
from regbench.reports.claims import words


def key(name: str) -> str:
    """The name of an answer in fields and columns.

    >>> key("paper"), key("rmse")
    ('paper', 'ours_rmse')
    """
    return name if name in (PAPER, OURS) else f"ours_{name}"


def data(findings: Findings, benchmark: str | None) -> dict[str, Any]:
    """Everything as plain data: the verdicts of every claim and what decides them."""
    columns = findings.paper.columns
    return {
        "paper": findings.paper.name,
        "benchmark": benchmark,
        "split": list(findings.splits.get("", ())),
        **({"columns": {name: column.what for name, column in columns.items()}} if columns else {}),
        "claims": [_claim(finding, findings, benchmark) for finding in findings.claims],
    }


def frame(findings: Findings) -> pd.DataFrame:
    """One row per claim: the verdicts, for each way of taking means."""
    rows = []
    for finding in findings.claims:
        row = {"id": finding.claim.id, "section": finding.claim.section, "text": finding.claim.text}
        for name, answer in finding.answers.items():
            row[key(name)] = answer.verdict
            row |= {f"{key(name)}_{how}": other.verdict for how, other in answer.by_aggregator.items()}
            row[f"{key(name)}_decided_by"] = words.why(answer, name)
        rows.append(row)
    return pd.DataFrame(rows)


def cells(findings: Findings) -> pd.DataFrame:
    """The cells that decide each claim, full precision."""
    rows = [
        {"claim": finding.claim.id, **cell(dataset, row, finding, findings)}
        for finding in findings.claims
        for dataset, row in finding.cells
    ]
    return pd.DataFrame([{**row, "decides": " ".join(row["decides"])} for row in rows])


def _claim(finding: Finding, findings: Findings, benchmark: str | None) -> dict[str, Any]:
    claim, answers = finding.claim, finding.answers
    return {
        "id": claim.id,
        "text": claim.text,
        "section": claim.section,
        "reading": claim.reading,
        "benchmark": claim.benchmark or benchmark,
        "split": list(findings.splits.get(claim.benchmark, ())),
        "quantity": Stored(claim.quantity, claim.per).label if claim.quantity else None,
        **{key(name): answer.verdict for name, answer in answers.items()},
        "by_aggregator": {key(name): _verdicts(answer.by_aggregator) for name, answer in answers.items()},
        "without_dataset": {key(name): _verdicts(answer.without) for name, answer in answers.items()},
        "comparisons": [
            {
                "statement": statement,
                "dataset": dataset and order.full_name(dataset),
                **_compared(finding, statement, dataset),
            }
            for statement, dataset in deciding(finding)
        ],
        "missing": {
            key(name): [
                {"dataset": order.full_name(dataset), "variant": row.variant, "k": row.k, "reason": why}
                for (dataset, row), why in answer.missing.items()
            ]
            for name, answer in answers.items()
        },
        "cells": [cell(dataset, row, finding, findings) for dataset, row in finding.cells],
    }


def _verdicts(answers: Mapping[str, Answer]) -> dict[str, str]:
    return {name: answer.verdict for name, answer in answers.items()}


def deciding(finding: Finding) -> list[tuple[str, str | None]]:
    """The comparisons that decide any of the answers."""
    every = [comparison for answer in finding.answers.values() for comparison in answer.deciding]
    return list(dict.fromkeys((comparison.statement, comparison.dataset) for comparison in every))


def _compared(finding: Finding, statement: str, dataset: str | None) -> dict[str, Any]:
    """The results of one comparison: by the paper's tables and by our runs."""
    found = {}
    for name, answer in finding.answers.items():
        ways = {how: _number(find(other, statement, dataset)) for how, other in answer.by_aggregator.items()}
        means = {"by_aggregator": ways} if ways and dataset is None else {}
        found[key(name)] = {**_number(find(answer, statement, dataset)), **means}
    return found


def find(answer: Answer, statement: str, dataset: str | None) -> Comparison | None:
    """The comparison of an answer with this statement and dataset."""
    alike = (made for made in answer.comparisons if (made.statement, made.dataset) == (statement, dataset))
    return next(alike, None)


def _number(comparison: Comparison | None) -> dict[str, Any]:
    verdict, found = (comparison.doubt.verdict, comparison.found) if comparison else (OPEN, None)
    shown = {"found": comparison.shown} if comparison and comparison.shown else {}
    return {"verdict": verdict, **_bounds(found, ("value", "low", "high")), **shown}


def _bounds(number: Quantity | Missing | None, names: tuple[str, str, str]) -> dict[str, float | None]:
    """A number and its interval under these names; null where there is none."""
    found = (number.value, number.low, number.high) if isinstance(number, Quantity) else (None, None, None)
    finite = (value if value is not None and math.isfinite(value) else None for value in found)
    return dict(zip(names, finite, strict=True))


def cell(dataset: str, row: Row, finding: Finding, findings: Findings) -> dict[str, Any]:
    """One cell: what the paper prints, and our means with their intervals and seeds."""
    found: dict[str, Any] = {
        "dataset": order.full_name(dataset),
        "alias": dataset,
        "variant": row.variant,
        "k": row.k,
        "decides": [key(name) for name in finding.cells[dataset, row]],
    }
    for name in (PAPER, *findings.metrics):
        evidence = finding.answers[name].evidence
        number = evidence.cell(dataset, row) if evidence else None
        first = name if name == PAPER else f"{name}_mean"
        found |= _bounds(number, (first, f"{name}_low", f"{name}_high"))
    ours = finding.answers[findings.metrics[0]].evidence
    n, planned = ours.seeds(dataset, row) if isinstance(ours, Measured) else (0, 0)
    return {**found, "n": n, "n_expected": planned}
