"""Rows of a held-out part whose inputs a training row has too: their error says nothing about new inputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regbench.data.table import Prepared

HELD_OUT = ("val", "test")


def seen_rows(data: Prepared) -> dict[str, NDArray[np.bool_]]:
    """For "val" and "test", whether a training row has the same inputs as each row: (N,).

    Inputs are the same if they are equal as the network reads them, in single precision; targets may differ. Empty for
    images that stay on disk, which are not compared.
    """
    if data.task != "resident":
        return {}
    known = set(spelled(data.x_train))
    return {part: np.array([row in known for row in spelled(getattr(data, f"x_{part}"))]) for part in HELD_OUT}


def count_seen(data: Prepared) -> tuple[int, int]:
    """How many rows of the validation and of the test part have inputs that a training row has too."""
    of = seen_rows(data)
    return int(of["val"].sum()), int(of["test"].sum())


def spelled(x: NDArray[np.floating[Any]] | NDArray[np.uint8]) -> list[bytes]:
    """Each row as bytes; zeros of both signs are the same."""
    return [row.tobytes() for row in np.add(x, 0, dtype=x.dtype)]
