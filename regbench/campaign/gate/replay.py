"""The first tier: in the environment of the file, a few runs must give the numbers of the file, bit for bit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regbench import provenance
from regbench.campaign.gate.lock import Lock, LockedCell, LockedRun
from regbench.campaign.gate.training import Measured, Order, train
from regbench.job import Job
from regbench.kinds import is_ours
from regbench.runner.adopt.ask import Version
from regbench.runner.adopt.sample import kind_of_code
from regbench.runner.plan.cost import epoch_cost

SEEDS = 2  # of a cell; one would be trained alone, where the rounding of some sums is another than in a pack
ASIDE = "flags"  # of torch, which only a worker has; if they differ so do the numbers, which are compared


@dataclass(frozen=True)
class Replayed:
    """What came of the replays.

    trained: the cells whose runs equal the file, and the number of these runs.
    covered: the cells that run the same code as one of them.
    runs: the number of all runs.
    differing: the cells that gave other numbers; those that run their code, and those of other environments, are in
        none of these.
    """

    trained: dict[str, int]
    covered: frozenset[str]
    runs: int
    differing: tuple[str, ...]


NOTHING = Replayed({}, frozenset(), 0, ())


def replay(lock: Lock, version: Version, slots: Sequence[str]) -> Replayed:
    """Train a cell of each kind of code, the cheapest, on its first seeds, and compare these with the file."""
    here = _known(provenance.fingerprint({**provenance.environment(), ASIDE: None}, provenance.device_name(slots[0])))
    alike = {name for name, facts in lock.environments.items() if _known(facts) == here}
    groups: dict[object, list[LockedCell]] = {}
    for cell in lock.cells:
        if all(run.on in alike for run in cell.seeds.values()):
            groups.setdefault(_code_of(lock.job(cell, 0)), []).append(cell)
    chosen = [min(cells, key=lambda cell: _price(lock, cell)) for cells in groups.values()]
    if not chosen:
        return NOTHING
    seeds = {cell.cell: list(cell.seeds)[:SEEDS] for cell in chosen}
    jobs = [lock.job(cell, seed) for cell in chosen for seed in seeds[cell.cell]]
    [found] = train([Order(version, jobs)], lock.metrics, slots)
    same, differing, covered = set(), [], set()
    for cell, cells in zip(chosen, groups.values(), strict=True):
        runs = [cell.seeds[seed] for seed in seeds[cell.cell]]
        if all(equal(run, found[run.key]) for run in runs):
            same.add(cell.cell)
            covered |= {each.cell for each in cells}
        else:
            differing.append(cell.cell)
    trained = {name: len(seeds[name]) for name in same}
    return Replayed(trained, frozenset(covered - same), len(jobs), tuple(differing))


def equal(run: LockedRun, found: Measured) -> bool:
    """Whether a run gave the epoch and the numbers of the file, to the last bit."""
    values = {name: value if math.isfinite(value) else None for name, value in found.values.items()}
    return run.epoch == found.epoch and all(values[name] == run.values[name] for name in values)


def _code_of(job: Job) -> tuple[object, ...]:
    """What decides which code a job runs; of a program of the user nobody knows, so each of its cells is replayed."""
    if not is_ours(job.method):
        return (job.method, job.static, job.dataset, job.k)
    return (job.method, job.static, job.backbone, job.protocol.decide, *kind_of_code(job))


def _price(lock: Lock, cell: LockedCell) -> float:
    job = lock.job(cell, 0)
    return job.protocol.epochs * epoch_cost(job)


def _known(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name != ASIDE}
