"""The gate: replay what can be replayed, train both codes where that is not the answer, confirm before it fails."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from regbench import roots
from regbench.analysis.gate import SAME, SUSPECT, Evidence, Pairs, confirm, divergence_rate, screen
from regbench.analysis.scale import Scale
from regbench.campaign.gate import file
from regbench.campaign.gate.cache import Cache
from regbench.campaign.gate.lock import Lock, LockedCell
from regbench.campaign.gate.noise import margins_of, scale_of
from regbench.campaign.gate.outcome import CONFIRMED, COVERED, PAIRED, REPLAYED, CellOutcome, Outcome
from regbench.campaign.gate.ready import make_ready
from regbench.campaign.gate.replay import Replayed, replay
from regbench.campaign.gate.repository import Repository, present
from regbench.campaign.gate.training import Measured, Order, train
from regbench.errors import InfrastructureError, JobsFailed
from regbench.job import Job, depends_on_seed
from regbench.kinds import code_digest, uses_seed
from regbench.runner.adopt.ask import Version, VersionFailed

LEVEL = 0.95  # of the interval that is shown


def gate(
    path: Path, slots: Sequence[str], *, margin: float | None = None, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """The outcome for a lock file on these device slots.

    margin: the relative worsening that is taken for none; by default that of the file, or learnt from its seeds.

    Raises:
        NothingMeasured: there is no such file.
        Mismatch: the file, or the data, are not what the file says.
        InfrastructureError: data or the baseline's commit are not here, or its code fails here.
        JobsFailed: the present code fails.
    """
    started, lock = time.monotonic(), file.read(path)
    repository = Repository.of(path)
    make_ready(lock, path, repository.top if repository else None, say)
    trial = _Trial(lock, path, repository, slots, margins_of(lock, margin), say)
    try:
        replayed = replay(lock, trial.present, slots)
        cells = trial.judge(replayed)
    except VersionFailed as error:
        if error.version.folder == trial.present.folder and error.version.added == trial.present.added:
            raise JobsFailed(f"the present code fails where it is trained: {error}") from None
        raise
    changed = [cell.cell for cell in lock.cells if code_digest(lock.job(cell, 0)) != cell.code]
    return Outcome(
        lock.benchmark,
        lock.metric,
        trial.scale.unit,
        lock.commit,
        tuple(cells),
        {"replay": replayed.runs, **trial.trained},
        tuple(changed),
        tuple(trial.notes),
        time.monotonic() - started,
    )


@dataclass
class _Trial:
    """One gate: what it knows and has trained so far."""

    lock: Lock
    path: Path
    repository: Repository | None
    slots: Sequence[str]
    margins: Mapping[str, float]
    say: Callable[[str], None]
    trained: dict[str, int] = field(default_factory=lambda: {"baseline": 0, "present": 0, "cached": 0})
    notes: list[str] = field(default_factory=list)

    @property
    def scale(self) -> Scale:
        return scale_of(self.lock.metric)

    @property
    def present(self) -> Version:
        return present(roots.added(), self.slots[0])

    def judge(self, replayed: Replayed) -> list[CellOutcome]:
        """The verdict on every cell, in the order of the file."""
        found = {name: CellOutcome(name, SAME, REPLAYED, seeds=seeds) for name, seeds in replayed.trained.items()}
        found |= {name: CellOutcome(name, SAME, COVERED) for name in replayed.covered}
        left = [cell for cell in self.lock.cells if cell.cell not in found]
        if left:
            self._explain(replayed, left)
            with self._baseline() as (version, cache):
                found |= {each.cell: each for each in self._paired(left, version, cache)}
        return [found[cell.cell] for cell in self.lock.cells]

    def _explain(self, replayed: Replayed, left: Sequence[LockedCell]) -> None:
        """Say why the numbers of the file are not enough."""
        if replayed.differing:
            why = f"replays of {', '.join(replayed.differing)} differ from the file"
        else:
            why = "another environment than the file's, so its numbers are not the comparison"
        self.notes.append(why)
        count = sum(len(cell.seeds) for cell in left)
        self.say(
            f"{why}: {count} runs of {len(left)} cells are trained by both codes, the baseline's and the present one"
        )

    @contextmanager
    def _baseline(self) -> Iterator[tuple[Version, Cache]]:
        """The code of the baseline's commit, and what it has given here before."""
        commit = self.lock.commit
        if commit is None or self.repository is None:
            lacks = "states no commit" if commit is None else "is in no git repository"
            raise InfrastructureError(
                f"{self.path} {lacks}, so its code cannot be trained here; bless again inside one"
            )
        commands = [command.name for command in self.lock.commands]
        with self.repository.at(commit, self.present, self.lock.plugins, commands) as version:
            yield version, Cache.of(commit, self.slots[0])

    def _paired(self, cells: Sequence[LockedCell], version: Version, cache: Cache) -> list[CellOutcome]:
        """Judge cells by pairs of their seeds, and suspects by as many fresh ones."""
        first = self._pairs({cell.cell: (cell, tuple(cell.seeds)) for cell in cells}, version, cache)
        rate = divergence_rate(pairs.before for pairs in first.values())
        evidence = {name: Evidence.of(pairs, self.scale, rate) for name, pairs in first.items()}
        verdicts = {name: screen(each, self.margins[name], len(cells)) for name, each in evidence.items()}
        found = {name: self._outcome(name, verdicts[name], PAIRED, first[name], evidence[name]) for name in first}
        suspects = [cell for cell in cells if verdicts[cell.cell] == SUSPECT]
        if suspects:
            names = ", ".join(cell.cell for cell in suspects)
            self.say(f"worse, to be confirmed on fresh seeds: {names}")
            fresh = self._pairs(
                {cell.cell: (cell, fresh_seeds(cell)) for cell in suspects if self._is_seeded(cell)}, version, cache
            )
            for cell in suspects:
                name = cell.cell
                second = Evidence.of(fresh[name], self.scale, rate) if name in fresh else evidence[name]
                every = first[name] + fresh[name] if name in fresh else first[name]
                whole = Evidence.of(every, self.scale, rate)
                verdict = confirm(second, whole, self.margins[name])
                found[name] = self._outcome(name, verdict, CONFIRMED, every, whole, p=second.p)
        return list(found.values())

    def _pairs(
        self, wanted: Mapping[str, tuple[LockedCell, Sequence[int]]], version: Version, cache: Cache
    ) -> dict[str, Pairs]:
        """The judged metric of both codes on these seeds of cells, by cell."""
        jobs = {name: [self.lock.job(cell, seed) for seed in seeds] for name, (cell, seeds) in wanted.items()}
        every = [job for some in jobs.values() for job in some]
        known = {job.key: kept for job in every if (kept := cache.get(job.key, self.lock.metrics))}
        missing = [job for job in every if job.key not in known]
        orders = [Order(version, missing), Order(self.present, every)]
        before, after = train(orders, self.lock.metrics, self.slots)
        for key, measured in before.items():
            cache.put(key, measured)
        self._count(len(missing), len(known), len(every))
        before |= known
        return {
            name: Pairs(self._values(some, before), self._values(some, after), self._is_seeded(wanted[name][0]))
            for name, some in jobs.items()
        }

    def _count(self, baseline: int, cached: int, now: int) -> None:
        for name, number in (("baseline", baseline), ("cached", cached), ("present", now)):
            self.trained[name] += number

    def _values(self, jobs: Sequence[Job], found: Mapping[str, Measured]) -> np.ndarray:
        return np.array([found[job.key].values[self.lock.metric] for job in jobs])

    def _is_seeded(self, cell: LockedCell) -> bool:
        job = self.lock.job(cell, 0)
        return uses_seed(job.method) or depends_on_seed(job.protocol)

    def _outcome(
        self, name: str, verdict: str, how: str, pairs: Pairs, evidence: Evidence, p: float | None = None
    ) -> CellOutcome:
        difference, shown = evidence.difference, self.scale.shown
        low, high = difference.interval(LEVEL) if difference else (math.nan, math.nan)
        return CellOutcome(
            name,
            verdict,
            how,
            seeds=len(pairs.before),
            change=shown(difference.mean) if difference else None,
            low=shown(low) if difference else None,
            high=shown(high) if difference else None,
            margin=shown(self.margins[name]),
            p=evidence.p if p is None else p,
            lost=evidence.lost,
            before=_mean(pairs.before),
            after=_mean(pairs.after),
        )


def fresh_seeds(cell: LockedCell) -> tuple[int, ...]:
    """As many seeds as the cell has in the file, which come after all of these."""
    last = max(cell.seeds)
    return tuple(range(last + 1, last + 1 + len(cell.seeds)))


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if np.isfinite(values).all() else None
