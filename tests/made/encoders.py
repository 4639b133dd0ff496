"""Encoders of a target in the plane as reports read them, made by the methods' own functions instead of a training."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
import torch

from regbench import catalog, variants
from regbench.random import Stream
from regbench.reports import Encoders
from tests.made.cells import COLUMNS, row

DATASET = "synthetic_crescent"
METHODS = ("hard_binning", "soft_binning", "cross_entropy_plus_mse", "pretrained_encoder", "end2end")


def targets(rows: int = 300, m: int = 2) -> np.ndarray:
    """Uniform on [0, 1): (rows, m)."""
    return Stream.named(0, "targets").uniform(rows, m).numpy()


@cache  # stage 1 takes a second
def parameters(method: str, m: int = 2, k: int = 9, seed: int = 0, **hparams: float) -> dict[str, np.ndarray]:
    """Those a method starts from on uniform targets, stage 1 included; trained ones moved as training would."""
    known = catalog.load("methods", method)
    settings = {name: torch.tensor(hparams.get(name, each.default)).double() for name, each in known.hparams.items()}
    stream = Stream.named(seed, "init", "method")
    made = known.init(torch.from_numpy(targets(m=m)), k, settings, known.static, stream)
    moved = {
        name: value + Stream.named(1, name).normal(*value.shape) / 10 for name, value in sorted(made.trained.items())
    }
    return {name: value.numpy() for name, value in {**made.fixed, **moved}.items()}


def planar(methods: Sequence[str] = METHODS, *, seeds: int = 2, k: int = 9, here: bool = True) -> Encoders:
    """A benchmark of these methods with every run finished; `here` says whether the targets can be had."""
    rows, runs = [], {}
    for method in methods:
        for seed in range(seeds):
            run = len(rows) + 1
            runs[run] = method, seed
            about = {"benchmark": "made", "k": k, "run_id": run, "best_epoch": 3, "digest": "sha256:made"}
            rows.append(row(DATASET, method, seed, 0.1, **about))
    cells = pd.DataFrame(rows).astype({**COLUMNS, "best_epoch": "Int64"})

    def stored(run: int) -> dict[str, np.ndarray]:
        method, seed = runs[run]
        return parameters(method, k=k, seed=seed)

    return Encoders(cells, {"sha256:made": 2}, stored, lambda *_: targets(1500) if here else None)


def diagnostics(*, seeds: int = 2, epochs: int = 4, kept: Sequence[int] = range(5)) -> pd.DataFrame:
    """Curves as the store gives them, of a method without an encoder, a fixed and two learnt ones; `kept` epochs."""
    at = {"epoch": 4, "encoder/entropy": 0.5, "encoder/rmse": 0.02, "decoder/spread": 0.3, "test/rmse": 0.05}
    rows = []
    for number, variant in enumerate(("lsq", "hard_binning", "end2end", "end2end[alpha=0.1]")):
        method = variants.read(variant)[0].name
        for seed in range(seeds):
            about = {"run_id": len(rows) + 1, "dataset": DATASET, "method": method, "variant": variant, "seed": seed}
            about |= {"k": None if method == "lsq" else 9, "settings": {}, "epochs": epochs}
            if method != "lsq" and 0 in kept:
                rows.append({**about, "epoch": 0, "name": "stage1/seconds", "value": 1.0 + seed})
            for epoch in sorted({*kept} & {*range(1, epochs + 1)}):
                error = {"val/rmse": abs(epoch - 3) / 10 + 0.1}  # lowest after epoch 3
                own = {name: value * (epoch + seed + number) for name, value in at.items() if name != "epoch"}
                shown = {name: value for name, value in own.items() if method != "lsq" or name == "test/rmse"}
                rows += [{**about, "epoch": epoch, "name": each, "value": v} for each, v in (error | shown).items()]
    return pd.DataFrame(rows).astype({"k": "Int64", "value": float})
