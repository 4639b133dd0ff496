"""From a benchmark to results: plan what is missing, give it to the engine, let the workers write to the store.

make_plan(benchmark, store, devices=["cpu", "cpu"])   # what is done, what is left, in which packs, how long
plan_ahead(benchmark, store, devices=["cpu", "cpu"])  # the same with the sweeps that a benchmark chooses from
run(plan, url, devices=["cpu", "cpu"])                # train it
"""

from regbench.runner.drive import (
    Blocked,
    DeviceSetAside,
    Event,
    JobFailed,
    PackFinished,
    PackStarted,
    Progress,
    Summary,
    Waiting,
    run,
)
from regbench.runner.estimate import Estimate
from regbench.runner.plan import Plan, fetch_missing, make_plan
from regbench.runner.rounds import Rounds, announce, keep_choices, plan_ahead
from regbench.runner.verify import Verification, verify_packing

__all__ = [
    "Blocked",
    "DeviceSetAside",
    "Estimate",
    "Event",
    "JobFailed",
    "PackFinished",
    "PackStarted",
    "Plan",
    "Progress",
    "Rounds",
    "Summary",
    "Verification",
    "Waiting",
    "announce",
    "fetch_missing",
    "keep_choices",
    "make_plan",
    "plan_ahead",
    "run",
    "verify_packing",
]
