"""Retrain a sample of finished jobs alone, and compare every number with the stored ones of their packs.

On a CPU, with the machine and versions of the original run, both must be equal bit for bit. Elsewhere they differ by
rounding, which a long training amplifies; then only the best epoch must agree, within a tolerance.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from regbench import metrics, roots, variants
from regbench.engines.engine import MakeEngine
from regbench.errors import InfrastructureError
from regbench.job import Job
from regbench.provenance import environment, numerics
from regbench.runner.plan.plan import Plan
from regbench.runner.work.task import Task
from regbench.runner.work.worker import retrain
from regbench.store import Store

TOLERANCE = 0.02  # relative, of the best value of the deciding metric, where bits may differ


@dataclass(frozen=True)
class Verification:
    """How the numbers of one job, trained alone, compare with those of its pack."""

    key: str
    label: str
    worst: float  # largest relative difference of all numbers of all epochs; 0 if all are identical
    exact: bool  # whether they had to be identical
    ok: bool


def sample(plan: Plan, store: Store, fraction: float) -> list[Job]:
    """A fraction of the finished jobs of a plan, at least one, drawn at random on each call."""
    done = store.done(plan.inventory.code)
    finished = [job for job in plan.jobs if job.key in done]
    return random.sample(finished, min(len(finished), max(1, math.ceil(fraction * len(finished)))))


def verify_packing(
    plan: Plan,
    store_url: str,
    fraction: float,
    make_engine: MakeEngine,
    say: Callable[[Verification], None] = lambda _: None,
) -> list[Verification]:
    """Retrain a fraction of the finished jobs of a plan, each alone. Nothing is stored."""
    with Store.open(store_url, read_only=True) as store, make_engine(retrain) as engine:
        waiting = sample(plan, store, fraction)
        found = []
        while waiting or engine.busy:
            for slot in engine.free():
                if waiting:
                    job = waiting.pop()
                    task = Task((job,), store.url, plan.inventory.code, "alone", roots.added())
                    engine.submit(slot, task)
            for outcome in engine.wait(1.0):
                if outcome.died:
                    raise InfrastructureError(
                        "a worker process died (killed by the system, or out of memory?); try again"
                    )
                if outcome.error:
                    raise outcome.error
                job = outcome.task.jobs[0]
                found.append(_compare(store, job, plan, outcome.result, engine.devices[outcome.slot]))
                say(found[-1])
        return found


def _compare(store: Store, job: Job, plan: Plan, alone: dict[str, np.ndarray], device: str) -> Verification:
    """Compare the stored curves with those of the job alone: metric -> (epochs,), NaN if not finite."""
    run = store.finished_run(job.key, plan.inventory.code[job.key])
    exact = run.exact and device == "cpu" and numerics(run.environment, device) == _here(device, run.environment)
    shared = alone.keys() & run.curves.keys()  # an older run has fewer metrics
    worst = max(_difference(run.curves[name], alone[name]) for name in shared)
    decides = job.protocol.decide
    stored, again = _best(run.curves[decides], decides), _best(alone[decides], decides)
    close = stored == again or abs(stored - again) <= TOLERANCE * abs(stored)
    return Verification(job.key, f"{job.dataset} {variants.of_job(job)}", worst, exact, worst == 0 if exact else close)


def _best(curve: np.ndarray, name: str) -> float:
    """The loss of the best epoch by a deciding metric, lower is better; infinity if none is finite."""
    loss = metrics.about_val(name).loss
    return min((loss(value) for value in curve.tolist() if math.isfinite(value)), default=math.inf)


def _here(device: str, like: dict) -> str:
    """The digest of this machine's numerics, with the flags that workers set."""
    return numerics({**environment(), "flags": like.get("flags")}, device)


def _difference(stored: np.ndarray, alone: np.ndarray) -> float:
    """The largest relative difference; infinity if only one value is finite or the lengths differ."""
    if stored.shape != alone.shape or (np.isfinite(stored) != np.isfinite(alone)).any():
        return math.inf
    scale = np.where(stored == 0, 1.0, np.abs(stored))
    return float(np.nan_to_num(np.abs(stored - alone) / scale).max())
