"""Retrain a sample of finished jobs alone, and compare every number with the stored ones of their packs.

Where bits may differ (see `again`), only the best epoch must agree, within a tolerance.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from regbench import variants
from regbench.engines.engine import MakeEngine
from regbench.job import Job
from regbench.runner.again import best, difference, must_be_exact, train_again
from regbench.runner.plan.plan import Plan
from regbench.runner.work.task import Retrained
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
    with Store.open(store_url, read_only=True) as store:
        found = []
        for again in train_again(sample(plan, store, fraction), store.url, make_engine):
            if again.retrained is None:
                raise again.error or AssertionError("a task ends with a result or an error")
            found.append(_compare(store, again.job, plan, again.retrained))
            say(found[-1])
        return found


def _compare(store: Store, job: Job, plan: Plan, alone: Retrained) -> Verification:
    """Compare the stored curves with those of the job alone."""
    run = store.finished_run(job.key, plan.inventory.code[job.key])
    exact, apart = must_be_exact(run, alone), difference(run.values, alone.values)
    stored, again = (best(values, job)[1] for values in (run.values, alone.values))
    close = stored == again or abs(stored - again) <= TOLERANCE * abs(stored)
    ok = apart.worst == 0 if exact else close
    return Verification(job.key, f"{job.dataset} {variants.of_job(job)}", apart.worst, exact, ok)
