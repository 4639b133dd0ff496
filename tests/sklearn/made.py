"""Settings that train in a moment, and a table of known mean and noise."""

from typing import Any

import numpy as np

from regbench.sklearn import EncoderDecoderRegressor

SMALL: dict[str, Any] = {
    "epochs": 10,
    "batch_size": 16,
    "learning_rate": 5e-2,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "options": {"layers": 1, "width": 16},
}


def rows(count: int = 120, targets: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (N, 3) and targets (N,), or (N, M), far from [0, 1]."""
    draw = np.random.default_rng(0)
    x = draw.uniform(-1, 1, (count, 3))
    y = np.stack([100 + 10 * np.sin(2 * x[:, 0] + m) + draw.normal(size=count) for m in range(targets)], axis=1)
    return x, y[:, 0] if targets == 1 else y


def small(method: str = "end2end", **settings: Any) -> EncoderDecoderRegressor:
    return EncoderDecoderRegressor(method, **{"k": 5, "random_state": 0, **SMALL, **settings})
