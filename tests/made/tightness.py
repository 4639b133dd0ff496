"""What the tables of the second paper have beside its numbers, made by hand."""

from typing import Any

import numpy as np
import pandas as pd

from regbench.reports import Beside
from tests.made.cells import frame, row

CIRCLE, TORUS, MAMMOTH = (f"coordinates_{name}" for name in ("circle", "torus", "mammoth"))
SIZES = {CIRCLE: 0.4, TORUS: 1.7, MAMMOTH: 15.0}  # RMSE of the baseline
FACTORS = {"lsq": 1.0, "lsq+ordinal_entropy": 0.9, "lsq+ph_reg": 0.4, "lsq+rot": 0.5, "ols": 1e-6, "train_mean": 1.5}
WEIGHTED = {"lsq+ph_reg": "lsq+ph_reg[weight=10000]", "lsq+rot": "lsq+rot[gamma=0.02,weight=10000]"}  # on the mammoth


def coordinates(seeds: int = 3) -> pd.DataFrame:
    """Cells as the store gives them: with another weight on the mammoth, and without most rows of the paper."""
    generator = np.random.default_rng(0)
    return frame(
        job(dataset, WEIGHTED.get(name, name) if dataset == MAMMOTH else name, seed, size * factor * noise)
        for dataset, size in SIZES.items()
        for name, factor in FACTORS.items()
        for seed in range(seeds)
        for noise in [np.exp(0.01 * generator.standard_normal())]
    )


def ablation(seeds: int = 2) -> pd.DataFrame:
    """Cells of a benchmark that changes one setting at a time."""
    labels = [
        "lsq",
        "lsq+rot",
        *(f"lsq+rot[{each}]" for each in ("weight=100", "gamma=0.1", "variant=gap", "weight=1")),
    ]
    labels += ["lsq+multi_target", "lsq+multi_target[m=16]", "lsq+multi_target[m=2]", "lsq+multi_target[extra=noise]"]
    return frame(
        job(dataset, label, seed, 1 + place / 10 + seed / 100)
        for dataset in (CIRCLE, TORUS)
        for place, label in enumerate(labels)
        for seed in range(seeds)
    )


def features(seeds: int = 3) -> pd.DataFrame:
    """Metrics of features as curves, after epochs 50 and 100."""
    return pd.DataFrame(
        {"run_id": 10 * place + seed, "dataset": dataset, "variant": variant, "seed": seed}
        | {"epoch": epoch, "name": name, "value": value + seed / 100 + epoch / 1000}
        for place, (dataset, variant) in enumerate([(TORUS, "lsq"), (MAMMOTH, "lsq"), (MAMMOTH, WEIGHTED["lsq+rot"])])
        for seed in range(seeds)
        for epoch in (50, 100)
        for name, value in [("test/spearman_cosine", 0.4), ("test/volume_euclidean", 7.0), ("test/tightness", 0.1)]
    )


def beside() -> Beside:
    """Everything at once."""
    cost = {"rows": [{"method": "lsq+rot", "ms": 1.25, "megabytes": 3}, {"method": "lsq+ranksim", "ms": 2.5}]}
    cells = {"tightness-coordinates": coordinates(), "tightness-ablation": ablation()}
    cells["tightness-features"] = cells["tightness-coordinates"]
    return Beside(cells, features(), {CIRCLE: 1 / 3}, cost)


def job(dataset: str, variant: str, seed: int, rmse: float | None, **other: Any) -> dict[str, Any]:
    """One job of a method without bins."""
    return row(dataset, variant, seed, rmse, **{"k": None, **other})
