"""Run a benchmark: plan the missing jobs, give them to an engine; its workers write results to the store.

plan_ahead(benchmark, store, resources, request)   # finished and missing jobs, packs, estimated time
run(plan, url, partial(LocalEngine, ["cpu"]))      # train the missing jobs
verify_packing(plan, url, 0.01, make_engine)       # retrain a sample, each job alone
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regbench.runner.plan.estimate import Estimate
    from regbench.runner.plan.make import fetch_missing, make_plan
    from regbench.runner.plan.plan import Plan, Request
    from regbench.runner.plan.resources import Resources
    from regbench.runner.sweep.rounds import Rounds, announce, keep_choices, plan_ahead
    from regbench.runner.verify import Verification, verify_packing
    from regbench.runner.work.drive import run
    from regbench.runner.work.events import (
        Delayed,
        DeviceSetAside,
        Event,
        JobFailed,
        PackFinished,
        PackStarted,
        Progress,
        Summary,
        Waiting,
    )

LAZY = {
    "Estimate": "plan.estimate",
    **dict.fromkeys(("fetch_missing", "make_plan"), "plan.make"),
    **dict.fromkeys(("Plan", "Request"), "plan.plan"),
    "Resources": "plan.resources",
    **dict.fromkeys(("Rounds", "announce", "keep_choices", "plan_ahead"), "sweep.rounds"),
    **dict.fromkeys(("Verification", "verify_packing"), "verify"),
    "run": "work.drive",
    **dict.fromkeys(("Delayed", "DeviceSetAside", "Event", "JobFailed", "PackFinished", "PackStarted"), "work.events"),
    **dict.fromkeys(("Progress", "Summary", "Waiting"), "work.events"),
}  # name -> module; a worker, which makes no plans, loads none of these

__all__ = [
    "Delayed",
    "DeviceSetAside",
    "Estimate",
    "Event",
    "JobFailed",
    "PackFinished",
    "PackStarted",
    "Plan",
    "Progress",
    "Request",
    "Resources",
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


def __getattr__(name: str) -> Any:
    """Load the modules of the interface on first use."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"regbench.runner.{LAZY[name]}"), name)
