"""One HTML page of a benchmark that needs nothing else: table, figures, curves, sweeps, claims, origin of each cell."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pandas import DataFrame

from regbench import variants
from regbench.errors import NothingMeasured, UsageError
from regbench.reports import normalized, scores
from regbench.reports.html import coverage, figures, grid, lines, ranks, reach, surfaces, verdicts
from regbench.reports.html.inputs import Inputs
from regbench.reports.html.parts import Chart, Group, Section
from regbench.reports.report import Options, Report, Table


@dataclass(frozen=True)
class Numbers:
    """What the page shows, computed: its table, its sections, and where the numbers come from."""

    grid: grid.Grid
    first: normalized.Numbers  # of the first metric, as `regbench report` shows it
    sections: tuple[Section, ...]
    claims: tuple[str, tuple[verdicts.Claim, ...], tuple[str, ...]] | None
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    inputs: Inputs
    benchmark: str


def compute(inputs: Inputs, options: Options) -> Numbers:
    """Each section from the report that it shows; one without numbers has the reason instead."""
    table, made = grid.of(inputs.cells, options)
    first = next(iter(made.values()))
    claims = verdicts.of(inputs.findings, options) if inputs.findings is not None else None
    sections = (
        _section("figures", "Figures 3 and 4", lambda: _figures(inputs.cells, options)),
        _section("curves", "Curves", lambda: _curves(inputs, options)),
        _section("sweeps", "Sweeps", lambda: _sweeps(inputs, options)),
        _section("calibration", "Predicted distributions", lambda: _calibration(inputs.cells, options)),
        _section("pairs", "What beats what", lambda: _pairs(inputs.cells, options)),
        _section("claims", "Claims of the paper", lambda: _claims(inputs, claims)),
    )
    facts = reach.facts(inputs, first.cells, options)
    warnings = reach.warnings(inputs.cells, first.cells)
    return Numbers(table, first, sections, claims, tuple(facts), tuple(warnings), inputs, options.benchmark or "")


def _section(name: str, title: str, made: Callable[[], Section]) -> Section:
    try:
        return replace(made(), name=name, title=title)
    except (NothingMeasured, UsageError) as error:
        return Section(name, title, missing=str(error))


def _figures(cells: DataFrame, options: Options) -> Section:
    given = replace(options, metric=options.metrics[0], k=options.k[:1])
    lead = (
        "The default variant of each method, or all variants of the only one. Dots show ratios, lines one standard "
        "deviation over seeds; the axis is zoomed, and a triangle marks a value beyond it."
    )
    charts: list[Chart] = list(figures.third(cells, given))
    notes: tuple[str, ...] = ()
    try:
        charts += figures.fourth(cells, given)
    except NothingMeasured as error:
        notes = (str(error),)
    groups = tuple(Group((chart,)) for chart in charts)
    return Section(
        "", "", lead, groups, notes=(*notes, *(charts[0].table.notes if charts[0].table else ())), legend=True
    )


def _curves(inputs: Inputs, options: Options) -> Section:
    if inputs.curves is None:
        raise NothingMeasured(inputs.why.get("curves", "no curves are stored"))
    charts, notes = lines.of(inputs.curves, replace(options, metric=options.metrics[0]))
    lead = "Point at a panel for the values of an epoch; the legend hides and shows methods."
    return Section("", "", lead, (Group(charts),), notes=notes, legend=True)


def _sweeps(inputs: Inputs, options: Options) -> Section:
    if inputs.swept is None:
        raise NothingMeasured(inputs.why.get("swept", "no sweep is stored"))
    groups, table, notes = surfaces.of(inputs.swept, replace(options, metric=options.metrics[0]))
    lead = "Validation errors of what was tried; what is chosen is marked. Test errors are not looked at."
    legend = any(chart.colours for group in groups for chart in group.charts)
    return Section("", "", lead, groups, (replace(table, notes=()),), (*notes, *table.notes), legend=legend)


def _calibration(cells: DataFrame, options: Options) -> Section:
    numbers = scores.compute(cells, options)
    table = scores.table(numbers)
    notes = list(table.notes)
    groups: tuple[Group, ...] = ()
    try:
        groups = (Group(coverage.of(cells, options)),)
    except NothingMeasured as error:
        notes.append(str(error))
    notes.append("a curve over all levels is not here: the store keeps point predictions and the coverage of one level")
    return Section("", "", "", groups, (replace(table, notes=()),), tuple(notes), legend=bool(groups))


def _pairs(cells: DataFrame, options: Options) -> Section:
    charts, tables, notes = ranks.of(*ranks.compute(cells, replace(options, metric=options.metrics[0])))
    at = options.k[0] if options.k else variants.DEFAULT_K
    return Section("", "", f"All rows at k = {at}, or without k.", (Group(charts),), tables, notes)


def _claims(inputs: Inputs, claims: Any) -> Section:
    if claims is None:
        raise NothingMeasured(inputs.why.get("findings", "the benchmark reruns no paper whose claims are known"))
    caption, _, notes = claims
    return Section("", "", caption, notes=notes)


def render(numbers: Numbers) -> str:
    """The page."""
    from regbench.reports.html import document

    origins = numbers.inputs.origins
    in_table = {cell.place for row in numbers.grid.rows for cell in row.cells if cell and cell.place}
    shown = {place: origin for place, origin in origins.cells.items() if place in in_table}
    places = {place: number for number, place in enumerate(shown)}
    data = {
        "benchmark": numbers.benchmark,
        "cells": list(shown.values()),
        "common": origins.config,
        "environments": origins.environments,
        "datasets": origins.datasets,
    }
    return document.page(
        sections=numbers.sections,
        data=data,
        title=numbers.benchmark or "results",
        description=numbers.inputs.description,
        facts=numbers.facts,
        warnings=numbers.warnings,
        grid=numbers.grid,
        claims=numbers.claims[1] if numbers.claims else (),
        places=places,
    )


def table(numbers: Numbers) -> Table:
    """The normalised table of the first metric."""
    return normalized.table(numbers.first)


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """Its numbers."""
    return normalized.frames(numbers.first)


REPORT = Report(
    title="Everything about a benchmark as one HTML page",
    compute=compute,
    table=table,
    frames=frames,
    page=render,
    needs="page",
    has_digits=True,
)
