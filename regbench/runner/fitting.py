"""A baseline's one epoch: models fitted on training rows, one of them chosen on validation rows, and that one tested.

In one thread and without a word from the library: warnings are for whoever calls it, and here that is a worker.
"""

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regbench import catalog
from regbench.job import Job

if TYPE_CHECKING:
    from regbench.baselines._baseline import Baseline
    from regbench.data import Prepared
    from regbench.training.loop import Epoch

SEEDS = 2**32  # that libraries know
CHOSEN = "chosen/"  # of metrics: what the model that was chosen has in its grid


@dataclass(frozen=True)
class Fitted:
    """What a baseline gave: errors and settings by name, float64 (1,), and predictions "val", "test" (1, N, M)."""

    values: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    seconds: float


def fit(job: Job, data: "Prepared") -> Fitted:
    """Fit the baseline of a job: its errors on the same targets and by the same metrics as every method's."""
    import torch
    from threadpoolctl import threadpool_limits

    from regbench.baselines._baseline import choose, predictions
    from regbench.metrics import METRICS

    started = time.perf_counter()
    baseline: Baseline = catalog.load("baselines", job.method)
    x = {part: getattr(data, f"x_{part}").astype(np.float64) for part in ("train", "val", "test")}
    y = {part: getattr(data, f"y_{part}").astype(np.float64) for part in ("train", "val", "test")}
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        candidates = baseline.fit(x["train"], y["train"], dict(job.static), job.seed % SEEDS)
        best = choose(candidates, x["val"], y["val"])
        predicted = {part: predictions(best, x[part]) for part in ("val", "test")}
    values = {f"{CHOSEN}{name}": np.array([float(value)]) for name, value in best.settings.items()}
    for part, each in predicted.items():
        for name, metric in METRICS.items():
            values[f"{part}/{name}"] = metric(torch.from_numpy(each[None]), torch.from_numpy(y[part])).numpy()
    kept = {part: each[None].astype(np.float32) for part, each in predicted.items()}
    return Fitted(values, kept, time.perf_counter() - started)


def as_epoch(fitted: Fitted) -> "Epoch":
    """As the first and last epoch of a training, so that it is recorded like one."""
    from regbench.training.diagnostics import Look
    from regbench.training.loop import Epoch

    return Epoch(1, fitted.values, fitted.predictions, [Look({}, {})], fitted.seconds)
