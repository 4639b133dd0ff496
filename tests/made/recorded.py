"""Runs that kept features and weights for figures, made by formulas instead of a training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from regbench.reports import Recorded
from tests.made.cells import COLUMNS, row

DATASET = "elevators"
METHODS = ("lsq", "hard_binning", "lsq+multi_target[m=3]", "lsq+rot", "lsq+multi_target[m=3]+rot")
OUTPUTS = {"lsq": 1, "hard_binning": 10, "lsq+multi_target[m=3]": 3, "lsq+multi_target[m=3]+rot": 3}


def arrays(
    variant: str, epochs: Sequence[int], *, seed: int = 0, rows: int = 60, features: int = 2, m: int = 1
) -> dict[int, dict[str, np.ndarray]]:
    """A thick line that is drawn out along the first axis, which is θ, and all updates of weights along (1, 1, …)."""
    generator = np.random.default_rng(seed)
    y = generator.uniform(size=(rows, m))
    noise = generator.normal(size=(rows, features)) / 20
    outputs = OUTPUTS.get(variant, 1) * m
    start = generator.normal(size=(outputs, features))
    if variant == "lsq":
        start[:] = np.eye(features)[0]
    found = {}
    for epoch in epochs:
        z = noise.copy()
        z[:, :m] += y[:, :features] * epoch
        weight = start if variant == "lsq" else start + np.sqrt(epoch) * (1 + np.arange(outputs))[:, None] / 10
        kept = {"features": z, "targets": y, "predictions": y + noise[:, :m], "weight": weight}
        found[epoch] = {name: array.astype(np.float32) for name, array in kept.items()}
    return found


def recorded(
    methods: Sequence[str] = METHODS,
    *,
    epochs: Sequence[int] = (1, 2, 3, 10),
    seeds: int = 2,
    features: int = 2,
    m: int = 1,
    dataset: str = DATASET,
) -> Recorded:
    """A benchmark of these rows with every run finished."""
    rows, kept = [], {}
    for variant in methods:
        for seed in range(seeds):
            run = len(rows) + 1
            kept[run] = arrays(variant, epochs, seed=seed, features=features, m=m)
            rows.append(row(dataset, variant, seed, 0.1, run_id=run, k=10 if variant == "hard_binning" else None))
    return Recorded(pd.DataFrame(rows).astype(COLUMNS), kept.__getitem__)
