"""From a store to jobs: what a sweep has to train now, and what a benchmark that chooses has to train at last.

A cell is a dataset, a row and a k. A sweep's cell is complete when its last stage is; then its winner is the
configuration with the lowest validation metric, the mean over seeds, of finished runs of the code as it is now. A
choice that was made stays, whatever becomes of the sweep, until somebody asks for a new one.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regbench import variants
from regbench.config import Benchmark, Values, row_label, values_of, with_values
from regbench.config.sweep import OF_PROTOCOL
from regbench.errors import UsageError
from regbench.job import Job
from regbench.kinds import code_digest
from regbench.runner.sweep.explore import Explored, explore
from regbench.store import Choice, Member, Score, Store

Cell = tuple[str, str, int | None]  # dataset, label of the row, k


@dataclass(frozen=True)
class Resolved:
    """A benchmark beside a store: its jobs with the values that they are trained with."""

    benchmark: Benchmark  # jobs and whole as they are to be trained
    members: tuple[Member, ...]  # of the whole
    pending: tuple[Job, ...] = ()  # with their rows' defaults: what still waits for a choice
    needs: frozenset[tuple[str, Cell]] = frozenset()  # sweep and cell of each choice that was not made before
    choices: tuple[Choice, ...] = ()  # made now, and to be kept before they are used
    later: int = 0  # jobs of a sweep's stages that have not begun
    may_extend: bool = False  # more may come at an edge
    notes: tuple[str, ...] = ()


@dataclass
class Survey:
    """A sweep's cells as far as they are known, and the jobs of each configuration."""

    sweep: Benchmark
    by: str
    explored: dict[Cell, Explored] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)  # by key of the job

    def __post_init__(self) -> None:
        self.templates: dict[Cell, list[Job]] = {}
        self._jobs: dict[tuple[Cell, tuple[Any, ...]], tuple[Job, ...]] = {}
        for job in self.sweep.whole:
            if self.sweep.stages(job):
                self.templates.setdefault(cell_of(job), []).append(job)

    def usual(self, cell: Cell) -> Values:
        """The row's default of every field that is swept."""
        job = self.templates[cell][0]
        return values_of(job, dict.fromkeys(name for stage in self.sweep.stages(job) for name in stage.axes))

    def jobs(self, cell: Cell, values: Values) -> tuple[Job, ...]:
        """The jobs of a configuration, one a seed."""
        known = (cell, tuple(values.items()))
        if known not in self._jobs:
            self._jobs[known] = tuple(with_values(job, values) for job in self.templates[cell])
        return self._jobs[known]

    def every_job(self, cell: Cell) -> list[Job]:
        """All jobs of a cell that are known by now."""
        return [job for values in self.explored[cell].tried for job in self.jobs(cell, values)]

    def metric(self, cell: Cell, values: Values) -> float | None:
        """The mean over seeds of the metric that decides; infinite where a seed diverged, None until all are done."""
        found = [self.scores.get(job.key) for job in self.jobs(cell, values)]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        if any(each.diverged for each in known):
            return math.inf
        return math.fsum(each.value for each in known if each.value is not None) / len(known)

    def look(self, store: Store | None) -> "Survey":
        """Explore every cell: ask the store for what is known, which may show that there is more to ask for."""
        asked: set[str] = set()
        while True:
            for cell, (job, *_) in self.templates.items():
                self.explored[cell] = explore(
                    self.sweep.stages(job), self.usual(cell), lambda values, cell=cell: self.metric(cell, values)
                )
            new = {job.key: code_digest(job) for cell in self.templates for job in self.every_job(cell)}
            new = {key: digest for key, digest in new.items() if key not in asked}
            if store is None or not new:
                return self
            self.scores |= store.scores(new, self.by)
            asked |= set(new)


def cell_of(job: Job) -> Cell:
    """The cell of a job that has its row's default values."""
    return (job.dataset, row_label(job), job.k)


def resolve_sweep(survey: Survey, only: Collection[Cell] | None = None) -> Resolved:
    """The jobs of a sweep that are known now: all that passed the filters, or those of some cells."""
    sweep = survey.sweep
    wanted = {(cell_of(job), job.seed) for job in sweep.jobs if only is None or cell_of(job) in only}
    members, jobs = [], []
    for cell, explored in survey.explored.items():
        for values in explored.tried:
            for job in survey.jobs(cell, values):
                members.append(Member(job, _swept_label(job, values), cell[1], values))
                if (cell, job.seed) in wanted:
                    jobs.append(job)
    cells = [survey.explored[cell] for cell in dict.fromkeys(cell for cell, _ in wanted) if cell in survey.explored]
    seeds = len({seed for _, seed in wanted})
    whole = tuple(dict.fromkeys(each.job for each in members))
    return Resolved(
        replace(sweep, jobs=tuple(jobs), whole=whole),
        tuple(members),
        later=seeds * sum(each.later for each in cells),
        may_extend=any(each.may_extend and not each.complete for each in cells),
    )


def resolve_choices(
    benchmark: Benchmark, surveys: Sequence[Survey], stored: Mapping[Cell, Choice], *, again: bool = False
) -> Resolved:
    """The jobs of a benchmark that chooses, for the cells whose values are chosen by now.

    Args:
        benchmark: with its rows' default values.
        surveys: its sweeps, in the order of the file.
        stored: the choices that were made before.
        again: make the choices of the filtered cells anew.
    """
    wanted = {cell_of(job) for job in benchmark.jobs}
    passing = set(benchmark.jobs)
    made: dict[Cell, Choice] = {}
    answers = {cell: source_of(cell, surveys) for cell in dict.fromkeys(map(cell_of, benchmark.whole))}
    for cell, answer in answers.items():
        if answer and cell in wanted and (again or cell not in stored):
            survey, source = answer
            if survey.explored[source].complete:
                made[cell] = _choose(cell, survey, source)
    using = {**stored, **made}
    members, jobs, pending = [], [], []
    for job in benchmark.whole:
        cell = cell_of(job)
        open_again = again and cell in wanted and cell not in made  # its old choice is on its way out
        if answers[cell] is None:
            chosen = Member(job, cell[1])
        elif cell in using and not open_again:
            values = _checked(using[cell], job, benchmark)
            chosen = Member(with_values(job, values), cell[1], cell[1], values)
        else:
            if job in passing:
                pending.append(job)
            continue
        members.append(chosen)
        if job in passing:
            jobs.append(chosen.job)
    new = [cell for cell in wanted if again or cell not in stored]
    whole = tuple(dict.fromkeys(each.job for each in members))
    return Resolved(
        replace(benchmark, jobs=tuple(jobs), whole=whole or ()),
        tuple(members),
        pending=tuple(pending),
        needs=frozenset((answer[0].sweep.name, answer[1]) for cell in new if (answer := answers[cell])),
        choices=tuple(made.values()),
        notes=() if again else tuple(_changes(benchmark, wanted, answers, stored)),
    )


def source_of(cell: Cell, surveys: Sequence[Survey]) -> tuple[Survey, Cell] | None:
    """Where a cell's values come from: the same cell of the first sweep that has it, or else the one at the nearest k.

    None where nothing of the row is swept.
    """
    dataset, row, k = cell
    for survey in surveys:
        if cell in survey.templates:
            return survey, cell
    near = [
        (abs((other[2] or 0) - (k or 0)), number, other)
        for number, survey in enumerate(surveys)
        for other in survey.templates
        if other[:2] == (dataset, row)
    ]
    if not near:
        return None
    _, number, other = min(near, key=lambda each: each[:2])
    return surveys[number], other


def of_shard(benchmark: Benchmark, index: int, count: int) -> Benchmark:
    """Every count-th cell, so that one machine has all that a choice needs; cells of one row that may share a choice
    stay together.
    """
    jobs = benchmark.jobs
    if benchmark.choose:
        surveys = [Survey(source, benchmark.choose.by) for source in benchmark.choose.sources]
        groups = {cell: (answer[1] if (answer := source_of(cell, surveys)) else cell) for cell in map(cell_of, jobs)}
    else:
        groups = {cell: cell for cell in map(cell_of, jobs)}
    ordered = sorted(set(groups.values()), key=lambda cell: (cell[0], cell[1], cell[2] or 0))
    mine = set(ordered[index - 1 :: count])
    return replace(benchmark, jobs=tuple(job for job in jobs if groups[cell_of(job)] in mine))


def _choose(cell: Cell, survey: Survey, source: Cell) -> Choice:
    """The choice for a cell from a complete cell of a sweep."""
    explored = survey.explored[source]
    usual = survey.usual(source)
    metrics = {tuple(values.items()): survey.metric(source, values) for values in explored.tried}
    at_default = metrics.get(tuple(usual.items()))
    winner = explored.winner
    return Choice(
        dataset=cell[0],
        variant=cell[1],
        k=cell[2],
        values=usual if winner is None else winner,
        source=survey.sweep.name,
        carried_from_k=source[2] if source[2] != cell[2] else None,
        by=survey.by,
        jobs=tuple(job.key for job in survey.every_job(source)),
        winner=() if winner is None else tuple(job.key for job in survey.jobs(source, winner)),
        metric=None if winner is None else metrics[tuple(winner.items())],
        default_metric=None if at_default is None or math.isinf(at_default) else at_default,
        tried=len(explored.tried),
        diverged=sum(math.isinf(each) for each in metrics.values() if each is not None),
        on_edge=explored.on_edge,
    )


def _checked(choice: Choice, job: Job, benchmark: Benchmark) -> Values:
    """The values of a choice, which an older version may have made for fields that are no more."""
    known = {*OF_PROTOCOL, *dict(job.hparams)}
    if lost := next((name for name in choice.values if name not in known), None):
        raise UsageError(
            f"{benchmark.name}: the stored choice for {choice.variant} on {choice.dataset} has a value of {lost}, "
            f"which {job.method} no longer has; make it anew with --choose-again"
        )
    return dict(choice.values)


def _changes(
    benchmark: Benchmark,
    wanted: Collection[Cell],
    answers: Mapping[Cell, tuple[Survey, Cell] | None],
    stored: Mapping[Cell, Choice],
) -> list[str]:
    """Where a stored choice is not what would be chosen now, or can no longer be checked."""
    other, unknown, used = [], 0, 0
    for cell, answer in answers.items():
        if answer is None or cell not in wanted or cell not in stored:
            continue
        used += 1
        survey, source = answer
        explored = survey.explored[source]
        if not explored.complete:
            unknown += 1
        elif (explored.winner or survey.usual(source)) != stored[cell].values:
            other.append(cell)
    remedy = "the stored ones are used, and --choose-again makes them anew"
    notes = []
    if other:
        dataset, row, k = other[0]
        first = f"{dataset} {row}" + (f" k={k}" if k else "")
        rest = f" and {len(other) - 1} more" if len(other) > 1 else ""
        notes.append(f"{benchmark.name}: the sweep would now choose other values for {first}{rest}; {remedy}")
    if unknown:
        notes.append(
            f"{benchmark.name}: {unknown:,} of {used:,} choices rest on sweep runs of other code or another sweep than "
            f"now; {remedy}"
        )
    return notes


def _swept_label(job: Job, values: Values) -> str:
    """How tables call a configuration: `lsq[learning_rate=0.01]`."""
    protocol = {name: value for name, value in values.items() if name in OF_PROTOCOL}
    return variants.label(job.method, {**dict(job.hparams), **protocol}, dict(job.static))
