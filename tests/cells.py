"""Frames as `Store.cells` gives them, made by hand or from the paper's Table 2."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from regbench.analysis.published import bridges_cells

COLUMNS = {"k": "Int64", "lambda_sigma": "Float64", "run_id": "Int64", "diverged": bool}


def row(dataset: str, variant: str, seed: int, rmse: float | None, **other: Any) -> dict[str, Any]:
    """One job: a finished run with that error, none at all for None, a diverged one for NaN."""
    method = variant.partition("[")[0]
    diverged = rmse is not None and np.isnan(rmse)
    return {
        "benchmark": "made",
        "dataset": dataset,
        "method": method,
        "variant": variant,
        "k": None if method == "lsq" else 25,
        "lambda_sigma": 0.5 if variant == "soft_binning" else None,
        "backbone": "mlp",
        "protocol": "p",
        "digest": f"sha256:{dataset}",
        "seed": seed,
        "run_id": None if rmse is None else seed + 1,
        "test_rmse": None if diverged else rmse,
        "test_mae": None if diverged or rmse is None else rmse / 2,
        "diverged": diverged,
        **other,
    }


def frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with the store's types."""
    return pd.DataFrame(list(rows)).astype({**COLUMNS, "test_rmse": float, "test_mae": float})


def grid(errors: Mapping[str, Mapping[str, Iterable[float | None]]]) -> pd.DataFrame:
    """A frame from variant → dataset → errors, one per seed."""
    return frame(
        row(dataset, variant, seed, error)
        for variant, datasets in errors.items()
        for dataset, values in datasets.items()
        for seed, error in enumerate(values)
    )


def like_the_paper(seeds: int = 3, noise: float = 0.01) -> pd.DataFrame:
    """Table 2 with several seeds of made-up noise about each cell."""
    generator = np.random.default_rng(0)
    rows = []
    for cell in bridges_cells().to_dict("records"):
        for seed in range(seeds):
            error = cell["test_rmse"] * np.exp(noise * generator.standard_normal())
            rows.append({**cell, "benchmark": "made", "seed": seed, "test_rmse": error, "test_mae": 0.7 * error})
    return frame({**each, "run_id": number} for number, each in enumerate(rows))
