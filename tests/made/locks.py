"""Lock files made by hand, of a dataset that is generated."""

from typing import Any

from regbench import catalog
from regbench.campaign.gate.lock import Lock, shared
from regbench.job import Job
from tests.made.jobs import make_job

ENVIRONMENT = "0123456789abcdef"
COMMIT = "2e" * 20
METRICS = ["test/rmse", "val/rmse"]


def locked(method: str = "lsq", seed: int = 0, **changes: Any) -> Job:
    """A small job on a generated dataset of the catalog."""
    digest = catalog.entry("datasets", "synthetic_crescent").arguments["digest"]
    job = make_job(method, seed=seed, **changes)
    return Job.from_config({**job.config(), "dataset": "synthetic_crescent", "digest": digest})


def lock(errors: dict[str, list[float | None]] | None = None, **changes: Any) -> Lock:
    """A lock with a cell for each method, and an error for each seed."""
    given = errors or {"lsq": [0.1, 0.11], "soft_binning": [0.09, 0.1]}
    configs = [{name: value for name, value in locked(method).config().items() if name != "seed"} for method in given]
    common, own = shared(configs)
    cells = []
    for (method, values), job in zip(given.items(), own, strict=True):
        runs = {
            seed: {"key": locked(method, seed).key, "on": ENVIRONMENT, "epoch": 2, **dict.fromkeys(METRICS, value)}
            for seed, value in enumerate(values)
        }
        cells.append({"cell": f"synthetic_crescent {method}", "code": "c0" * 8, "job": job, "seeds": runs})
    usual = {
        "regbench_lock": 1,
        "benchmark": "made",
        "date": "2026-11-30",
        "commit": COMMIT,
        "reason": "First.",
        "metrics": METRICS,
        "environments": {ENVIRONMENT: {"machine": "none", "flags": {"threads": 1}}},
        "common": common,
        "cells": cells,
    }
    return Lock.of({**usual, **changes})
