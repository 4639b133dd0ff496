"""Frames as `Store.cells` gives them, made by hand or from the paper's Table 2."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from regbench import catalog, variants
from regbench.analysis.choices import Choices, gather
from regbench.analysis.published import bridges_cells

COLUMNS = {"k": "Int64", "run_id": "Int64", "diverged": bool}


def row(dataset: str, variant: str, seed: int, rmse: float | None, **other: Any) -> dict[str, Any]:
    """One job: a finished run with that error, none at all for None, a diverged one for NaN."""
    method = variants.read(variant)[0].name
    diverged = rmse is not None and np.isnan(rmse)
    return {
        "benchmark": "made",
        "dataset": dataset,
        "method": method,
        "variant": variant,
        "k": None if method == "lsq" else 25,
        "settings": {"lambda_sigma": 0.5} if variant == "soft_binning" else {},
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


def by_k_and_weight(seeds: int = 3) -> pd.DataFrame:
    """What Figure 5 shows: soft binning at several ks on two datasets, `end2end` at four weights and `lsq` on one."""
    usual = catalog.entry("methods", "end2end").hparams
    rows = []
    for seed in range(seeds):
        bins = [(name, k) for name in ("diamonds", "cpu_act") for k in (3, 5, 25, 45)]
        rows += [_judged(row(name, "soft_binning", seed, (1 + 1 / k) * (1 + seed / 100), k=k)) for name, k in bins]
        rows += [_judged(row("diamonds", "lsq", seed, 1.1))]
        for weight, error in [(0.1, 1.2), (1.0, 0.9), (10.0, 0.95), (usual["lambda_kl"] * 3, 1.0)]:
            label = f"end2end[lambda_kl={weight:g}]"
            rows.append(_judged(row("diamonds", label, seed, error, hparams={**usual, "lambda_kl": weight})))
    return frame(rows)


def ablated(seeds: int = 3) -> pd.DataFrame:
    """Two methods with one part changed at a time, two ks, two datasets; and two rows beside which nothing stands."""
    alphas = (0, 1e-4, 1e-3, 1e-2, 0.1, -1e-4, -1e-3, -1e-2, -0.1)
    errors = {"pretrained_encoder": 1.0, "pretrained_encoder[targets=uniform]": 1.0, "end2end": 0.9}
    errors |= {"end2end[lambda_auto=0]": 0.99, **{f"end2end[alpha={each:g}]": 0.9 + abs(each) for each in alphas}}
    generator = np.random.default_rng(0)
    rows = [
        row(dataset, variant, seed, error * np.exp(0.002 * generator.standard_normal()), k=k)
        for dataset in ("diamonds", "cpu_act")
        for k in (5, 25)
        for variant, error in errors.items()
        for seed in range(seeds)
    ]
    alone = ("lsq", "soft_binning[lambda_sigma=2]")
    return frame([*rows, *(row("diamonds", variant, seed, 1.0) for variant in alone for seed in range(seeds))])


def _judged(job: dict[str, Any]) -> dict[str, Any]:
    return {"hparams": {}, **job, "val_rmse": job["test_rmse"], "val_mae": job["test_mae"]}


def choices() -> Choices:
    """What a benchmark chose for `end2end` on two datasets, and the four configurations a sweep tried of one."""
    weights = [(0.0681292069058, 0.3), (0.316227766017, 0.25), (0.316227766017, 0.201), (1.0, 0.2)]
    tried = pd.DataFrame(
        {
            "job_key": f"job{number}",
            "variant": f"end2end[{number}]",
            "hparams": {"lambda_kl": weight},
            "val_rmse": error,
            "val_mae": error,
            "diverged": False,
        }
        for number, (weight, error) in enumerate(weights)
    )
    made = {
        "benchmark": "made", "dataset": "diamonds", "method": "end2end", "variant": "end2end", "k": 25,
        "values": {"lambda_kl": 1.0, "learning_rate": 3e-3}, "source": "sweep", "carried_from_k": None,
        "by": "val/rmse", "metric": 0.2, "default_metric": 0.25, "tried": 4, "diverged": 0, "on_edge": ["lambda_kl"],
        "jobs": list(tried["job_key"]), "winner": ["job3"],
    }  # fmt: skip
    images = {**made, "dataset": "retinamnist", "k": 5, "values": {"lambda_kl": 0.1}, "jobs": [], "on_edge": []}
    rows = [
        made,
        {**images, "carried_from_k": 25},
        {**made, "method": "lsq", "variant": "lsq", "k": None, "values": {}},
    ]
    return gather(pd.DataFrame(rows).astype({"k": "Int64", "carried_from_k": "Int64"}), [tried])
