"""Gaussian noise on the training targets, drawn once for each seed.

Its standard deviation is in units of the scaled target: 0.1 is a tenth of the range of the training targets where they
are scaled to [0, 1], and a tenth of their deviation where they are standardised. Validation and test targets stay as
they are.
"""

import numpy as np

from regbench.data.table import Float32
from regbench.random import Stream


def noisy(y_train: Float32, deviation: float, seed: int) -> Float32:
    """Training targets (N, M) with noise; the same for every job of a seed, whatever its method."""
    if not deviation:
        return y_train
    noise = Stream.named(seed, "label_noise").normal(*y_train.shape).numpy()
    return (y_train + deviation * noise).astype(np.float32)
