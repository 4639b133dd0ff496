"""A small table that is made here, for trainings that take a moment."""

from functools import cache

import numpy as np

from regbench.data import Prepared, Table, prepare


@cache
def made(rows: int = 150, inputs: int = 4, m: int = 1) -> Prepared:
    """A small table with a known function of its inputs, split and scaled."""
    draw = np.random.default_rng(0)
    x = draw.uniform(-1, 1, (rows, inputs))
    y = np.stack([np.sin(3 * x[:, 0] + of) + x[:, 1] ** 2 for of in range(m)], axis=1)
    y += 0.05 * draw.standard_normal(y.shape)
    return prepare(Table(x=x, y=y, columns=tuple(f"x{i}" for i in range(inputs)), target="y", source="made"))
