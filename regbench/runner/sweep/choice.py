"""Find the jobs of a sweep, and of a benchmark that chooses values from sweeps, by the results in a store.

A cell is a dataset, a row and a k. A cell of a sweep is complete when its last stage is. Its winner is then the
configuration with the lowest validation metric, averaged over seeds, among finished runs of the present code. A choice
is kept, even if the sweep changes, until the user asks for a new one.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from regbench.config import Benchmark, Values, values_of, with_values
from regbench.config.sweep import OF_PROTOCOL, fields_of
from regbench.errors import UsageError
from regbench.job import Job
from regbench.kinds import code_digest
from regbench.runner.plan.shards import divide, expected_seconds
from regbench.runner.sweep.explore import Explored, explore
from regbench.store import Choice, Member, Score, Store

Cell = tuple[str, str, int | None]  # dataset, label of the row, k


@dataclass(frozen=True)
class Resolved:
    """A benchmark whose jobs have their chosen values."""

    benchmark: Benchmark  # its jobs have the values to train with
    members: tuple[Member, ...]  # of the whole benchmark
    pending: tuple[Job, ...] = ()  # jobs that wait for a choice, with their rows' default values
    needs: frozenset[tuple[str, Cell]] = frozenset()  # sweep and cell of each choice that is not stored
    choices: tuple[Choice, ...] = ()  # made now; must be stored before they are used
    later: int = 0  # number of jobs in later stages of a sweep
    may_extend: bool = False  # values may be added beyond an edge
    notes: tuple[str, ...] = ()


@dataclass
class Survey:
    """The cells of a sweep as far as they are known, and the jobs of each configuration."""

    sweep: Benchmark
    by: str
    explored: dict[Cell, Explored] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)  # by job key

    def __post_init__(self) -> None:
        self.templates: dict[Cell, list[Job]] = {}
        self._jobs: dict[tuple[Cell, tuple[Any, ...]], tuple[Job, ...]] = {}
        for job in self.sweep.whole:
            if self.sweep.stages(job):
                self.templates.setdefault(cell_of(self.sweep, job), []).append(job)

    def usual(self, cell: Cell) -> Values:
        """The row's default value of every swept field."""
        job = self.templates[cell][0]
        return values_of(job, dict.fromkeys(name for stage in self.sweep.stages(job) for name in stage.axes))

    def jobs(self, cell: Cell, values: Values) -> tuple[Job, ...]:
        """The jobs of a configuration, one per seed."""
        known = (cell, tuple(values.items()))
        if known not in self._jobs:
            self._jobs[known] = tuple(with_values(job, values) for job in self.templates[cell])
        return self._jobs[known]

    def every_job(self, cell: Cell) -> list[Job]:
        """All jobs of a cell that are known so far."""
        return [job for values in self.explored[cell].tried for job in self.jobs(cell, values)]

    def metric(self, cell: Cell, values: Values) -> float | None:
        """The mean of the deciding metric over seeds; infinity if a seed diverged, None until all are finished."""
        found = [self.scores.get(job.key) for job in self.jobs(cell, values)]
        known = [score for score in found if score is not None]
        if len(known) < len(found):
            return None
        if any(score.diverged for score in known):
            return math.inf
        return math.fsum(score.value for score in known if score.value is not None) / len(known)

    def look(self, store: Store | None) -> "Survey":
        """Explore every cell. Scores from the store may add configurations, so it is asked until nothing is new."""
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


def cell_of(benchmark: Benchmark, job: Job) -> Cell:
    """The cell of a benchmark's job with its row's default values."""
    return (job.dataset, benchmark.label(job), job.k)


def resolve_sweep(survey: Survey, only: Collection[Cell] | None = None) -> Resolved:
    """The known jobs of a sweep: all that passed the filters, or those of the cells `only`."""
    sweep = survey.sweep
    passing = {(cell_of(sweep, job), job.seed) for job in sweep.jobs}
    wanted = {(cell, seed) for cell, seed in passing if only is None or cell in only}
    members, jobs = [], []
    for cell, explored in survey.explored.items():
        for values in explored.tried:
            for job in survey.jobs(cell, values):
                members.append(Member(job, _swept_label(sweep, job, values), cell[1], values))
                if (cell, job.seed) in wanted:
                    jobs.append(job)
    cells = [survey.explored[cell] for cell in dict.fromkeys(cell for cell, _ in wanted) if cell in survey.explored]
    seeds = len({seed for _, seed in wanted})
    whole = tuple(dict.fromkeys(member.job for member in members))
    return Resolved(
        replace(sweep, jobs=tuple(jobs), whole=whole),
        tuple(members),
        later=seeds * sum(cell.later for cell in cells),
        may_extend=any(cell.may_extend and not cell.complete for cell in cells),
    )


def resolve_choices(
    benchmark: Benchmark, surveys: Sequence[Survey], stored: Mapping[Cell, Choice], *, again: bool = False
) -> Resolved:
    """The jobs of a benchmark that chooses values, for all cells with a choice.

    Args:
        benchmark: the benchmark with its rows' default values.
        surveys: its sweeps, in the order of the file.
        stored: the choices in the store.
        again: replace the choices of the filtered cells.
    """
    cell_in = partial(cell_of, benchmark)
    wanted = {cell_in(job) for job in benchmark.jobs}
    passing = set(benchmark.jobs)
    made: dict[Cell, Choice] = {}
    answers = {cell: source_of(cell, surveys) for cell in dict.fromkeys(map(cell_in, benchmark.whole))}
    for cell, answer in answers.items():
        if answer and cell in wanted and (again or cell not in stored):
            survey, source = answer
            if survey.explored[source].complete:
                made[cell] = _choose(cell, survey, source)
    using = {**stored, **made}
    members, jobs, pending = [], [], []
    for job in benchmark.whole:
        cell = cell_in(job)
        open_again = again and cell in wanted and cell not in made  # its stored choice will be replaced
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
    whole = tuple(dict.fromkeys(member.job for member in members))
    return Resolved(
        replace(benchmark, jobs=tuple(jobs), whole=whole or ()),
        tuple(members),
        pending=tuple(pending),
        needs=frozenset((answer[0].sweep.name, answer[1]) for cell in new if (answer := answers[cell])),
        choices=tuple(made.values()),
        notes=() if again else tuple(_changes(benchmark, wanted, answers, stored)),
    )


def source_of(cell: Cell, surveys: Sequence[Survey]) -> tuple[Survey, Cell] | None:
    """The source of a cell's values: the same cell of the first sweep that has it, otherwise the cell of the nearest k.

    None if the row is not swept.
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
    _, number, other = min(near, key=lambda candidate: candidate[:2])
    return surveys[number], other


def of_shard(benchmark: Benchmark, index: int, count: int) -> Benchmark:
    """Whole cells, so that one machine trains everything a choice needs, balanced by the planned time of their jobs.

    Cells of one row that may share a choice stay together.
    """
    jobs, cell_in = benchmark.jobs, partial(cell_of, benchmark)
    if benchmark.choose:
        surveys = [Survey(source, benchmark.choose.by) for source in benchmark.choose.sources]
        groups = {cell: (answer[1] if (answer := source_of(cell, surveys)) else cell) for cell in map(cell_in, jobs)}
    else:
        groups = {cell: cell for cell in map(cell_in, jobs)}
    ordered = sorted(set(groups.values()), key=lambda cell: (cell[0], cell[1], cell[2] or 0))
    within: dict[Cell, list[Job]] = {group: [] for group in ordered}
    for job in jobs:
        within[groups[cell_in(job)]].append(job)
    seconds = {group: expected_seconds(its) for group, its in within.items()}
    mine = {group for group, number in divide(seconds, count).items() if number == index}
    return replace(benchmark, jobs=tuple(job for job in jobs if groups[cell_in(job)] in mine))


def _choose(cell: Cell, survey: Survey, source: Cell) -> Choice:
    """Choose the values of a cell from a complete cell of a sweep."""
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
        diverged=sum(math.isinf(metric) for metric in metrics.values() if metric is not None),
        on_edge=explored.on_edge,
    )


def _checked(choice: Choice, job: Job, benchmark: Benchmark) -> Values:
    """The values of a choice; `UsageError` if an older version chose fields that no longer exist."""
    known = fields_of(job)
    if lost := next((name for name in choice.values if name not in known), None):
        raise UsageError(
            f"{benchmark.name}: the stored choice for {choice.variant} on {choice.dataset} has a value of {lost}, "
            f"which {job.method} no longer has; replace it with --choose-again"
        )
    return dict(choice.values)


def _changes(
    benchmark: Benchmark,
    wanted: Collection[Cell],
    answers: Mapping[Cell, tuple[Survey, Cell] | None],
    stored: Mapping[Cell, Choice],
) -> list[str]:
    """Messages about stored choices that differ from what the sweep chooses now, or cannot be checked."""
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
    remedy = "the stored ones are used, and --choose-again replaces them"
    notes = []
    if other:
        dataset, row, k = other[0]
        first = f"{dataset} {row}" + (f" k={k}" if k else "")
        rest = f" and {len(other) - 1} more" if len(other) > 1 else ""
        notes.append(f"{benchmark.name}: the sweep would now choose other values for {first}{rest}; {remedy}")
    if unknown:
        notes.append(
            f"{benchmark.name}: {unknown:,} of {used:,} choices were made from sweep runs of other code or of another "
            f"sweep; {remedy}"
        )
    return notes


def _swept_label(sweep: Benchmark, job: Job, values: Values) -> str:
    """The label of a configuration in tables, such as `lsq[learning_rate=0.01]`."""
    protocol = {name: value for name, value in values.items() if name in OF_PROTOCOL}
    return sweep.label(job, {**dict(job.hparams), **protocol})
