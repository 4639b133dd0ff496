"""Sweeps and choices as a store gives them, made by hand: two datasets, one of them at a single k."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from regbench.analysis.sweeps import Swept

RATES, WEIGHTS = (1e-3, 3e-3, 1e-2), (0.1, 1.0)
STAGES = {
    "sweep": [
        {"axes": [["learning_rate", list(RATES)], ["lambda_kl", list(WEIGHTS)]], "extend": ["lambda_kl"]},
        {"axes": [["lambda_auto", [0.1, 1.0]]]},
    ]
}


def error(dataset: str, method: str, values: dict[str, float]) -> float | None:
    """Lowest at the second rate, and with the largest weight; the largest rate diverges on one dataset."""
    if dataset == "diamonds" and values["learning_rate"] == 1e-2:
        return None
    far = abs(math.log10(values["learning_rate"] / 3e-3)) - math.log10(values.get("lambda_kl", 1.0)) / 10
    return round(0.1 + 0.01 * far + 0.001 * len(method) + 0.001 * math.log10(values.get("lambda_auto", 1.0)), 9)


def tried() -> Iterator[dict[str, Any]]:
    """What each configuration gave, for two seeds."""
    for dataset, ks in (("diamonds", (5, 25)), ("retinamnist", (25,))):
        for method, k in [("lsq", None), *(("end2end", k) for k in ks)]:
            for values in configurations(method):
                inside = ",".join(f"{name}={value:g}" for name, value in values.items())
                for seed in (1000, 1001):
                    found = error(dataset, method, values)
                    yield {
                        "benchmark": "sweep", "dataset": dataset, "method": method, "variant": f"{method}[{inside}]",
                        "k": k, "row": method, "swept": values, "seed": seed, "run_id": seed, "digest": "d",
                        "diverged": found is None and seed == 1001, "val_rmse": found, "val_mae": found,
                        "test_rmse": 77.0, "test_mae": 77.0,
                    }  # fmt: skip


def configurations(method: str) -> list[dict[str, float]]:
    if method == "lsq":
        return [{"learning_rate": rate} for rate in RATES]
    grid = [{"learning_rate": rate, "lambda_kl": kl, "lambda_auto": 1.0} for rate in RATES for kl in WEIGHTS]
    return [*grid, {"learning_rate": 3e-3, "lambda_kl": 1.0, "lambda_auto": 0.1}]


def cells() -> pd.DataFrame:
    types = {"k": "Int64", "run_id": "Int64", "val_rmse": float, "val_mae": float}
    return pd.DataFrame(list(tried())).astype(types)


def choices() -> pd.DataFrame:
    """The choices that a benchmark made of it, one of them carried to another k."""
    best = {"learning_rate": 3e-3, "lambda_kl": 1.0, "lambda_auto": 0.1}
    rows = []
    for dataset, ks in (("diamonds", (5, 25)), ("retinamnist", (5, 25))):
        for method, k in [("lsq", None), *(("end2end", k) for k in ks)]:
            values = best if k else {"learning_rate": 3e-3}
            where = {"benchmark": "made", "dataset": dataset, "method": method, "variant": method, "k": k}
            from_k = 25 if (dataset, k) == ("retinamnist", 5) else None
            rows.append(
                {
                    **where,
                    "values": values,
                    "source": "sweep",
                    "by": "val/rmse",
                    "metric": error(dataset, method, values),
                    "default_metric": error(dataset, method, values) if method == "lsq" else None,
                    "carried_from_k": from_k,
                    "on_edge": ["lambda_kl", "lambda_auto"] if k else [],
                    "tried": len(configurations(method)),
                    "diverged": 1 + (k is not None) if dataset == "diamonds" else 0,
                }
            )
    types = {"k": "Int64", "carried_from_k": "Int64", "metric": float, "default_metric": float}
    return pd.DataFrame(rows).astype(types)


def swept(*, chosen: bool = True) -> Swept:
    return Swept.of([cells()], choices() if chosen else None, STAGES)
