"""Jobs of baselines on small tables."""

import pytest

from regbench import catalog
from regbench.config.benchmark import UNTRAINED
from regbench.data import Prepared
from regbench.job import Job, pairs
from regbench.kinds import libraries
from regbench.kinds.fitted import Fitted, fit

FEW = {"trees": 32, "epochs": 32, "patience": 1}  # enough to learn a small table


def job(name: str, *, seed: int = 0, **static: int) -> Job:
    """The job of a baseline, with few trees or epochs where it has any."""
    known = catalog.entry("baselines", name).arguments.get("static", {})
    settings = {key: {**FEW, **static}.get(key, value) for key, value in known.items()}
    return Job("generated", "none", name, seed, UNTRAINED, static=pairs(settings), backbone="none")


def fitted(name: str, data: Prepared, *, seed: int = 0, **static: int) -> Fitted:
    """The epoch of a baseline; the test is skipped where its library is not installed."""
    for package, version in libraries(name):
        if not version:
            pytest.skip(f"{package} is not installed")
    return fit(job(name, seed=seed, **static), data)
