"""Split and scale a table into the data that every job of a dataset trains on.

Scaling is fitted on the training rows only, so validation and test values may fall outside [0, 1]. Inputs, targets or
both can also stay as they are.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regbench.data.splits import Rows, split_rows
from regbench.data.table import Float32, Float64, Inputs, Maps, Prepared, Table
from regbench.errors import UsageError
from regbench.metrics.shots import RULES, of_depths

SCALINGS = ("scaled", "raw")
ON_DISK = ("images", "dense")  # tasks whose inputs are read batch by batch
OWN_SHOTS = "dataset"


def prepare(
    table: Table,
    split: str = "fixed",
    seed: int = 0,
    *,
    inputs: str = "scaled",
    targets: str = "scaled",
    shots: str = OWN_SHOTS,
) -> Prepared:
    """Split and scale: inputs to [0, 1] or, for images, standardised per channel; targets to [0, 1].

    Args:
        table: as returned by `load`.
        split: as in `split_rows`.
        seed: of the job; only splits that differ between seeds use it.
        inputs: `scaled` scales as above; `raw` leaves the values as they are, in single precision.
        targets: the same.
        shots: the rule by which rows have many, median or few training rows near (`metrics.shots.RULES`); `dataset` is
            the dataset's own, if it has one.

    Raises:
        UsageError: a name that is not known, a rule of shots for several dimensions, too few rows, a target that is
            constant in the training rows, or a split or raw inputs of images that stay on disk.
    """
    for what, scaling in (("inputs", inputs), ("targets", targets)):
        if scaling not in SCALINGS:
            raise UsageError(f"no {what} called '{scaling}'; known: {', '.join(SCALINGS)}")
    if table.task in ON_DISK:
        _check_on_disk(table, split, inputs)
    if table.maps:
        return _with_maps(table, table.maps, targets)
    train, val, test = split_rows(table, split, seed)
    y_low, y_high = table.y[train].min(0), table.y[train].max(0)
    if (y_low == y_high).any():
        raise UsageError(
            f"target '{table.target}' has the same value in all {len(train)} training rows; choose another target"
        )
    if targets == "raw":
        y_low, y_high = np.zeros_like(y_low), np.ones_like(y_high)
    if inputs == "raw" or table.task == "images":
        x_low, x_range = np.zeros(()), np.ones(())
    else:
        x_low, x_range = _channels(table.x, train) if table.is_image else _columns(table.x[train])

    def x(rows: Rows) -> Inputs:
        if table.task == "images":  # not read here: parts of the official split are consecutive rows
            return table.x[rows[0] : rows[-1] + 1].view(np.uint8)
        return _scaled(table.x[rows], x_low, x_range)

    def y(rows: Rows) -> Float32:
        return _scaled(table.y[rows], y_low, y_high - y_low)

    return Prepared(
        x_train=x(train),
        y_train=y(train),
        x_val=x(val),
        y_val=y(val),
        x_test=x(test),
        y_test=y(test),
        y_low=y_low,
        y_high=y_high,
        rows_train=train,
        rows_val=val,
        rows_test=test,
        source=table.source,
        task=table.task,
        shots=_shots(table, {"train": train, "val": val, "test": test}, shots),
    )


def _with_maps(table: Table, maps: Maps, targets: str) -> Prepared:
    """Targets that are maps: there is no validation part, so the test images are evaluated for both.

    The published recipe does so too: the epoch that counts is chosen on test images.
    """
    low, high = (maps.low, maps.high) if targets == "scaled" else (0.0, 1.0)
    if low == high:
        raise UsageError(f"target '{table.target}' has the same value in all training maps; choose other maps")
    (top, left), (height, width) = maps.corner, maps.size
    middle = maps.test[:, top : top + height, left : left + width]
    test = middle[maps.mask].astype(np.float64)[:, None] * maps.units[1]
    train_images = len(maps.train)
    x_test = table.x[train_images:].view(np.uint8)
    y_test = ((test - low) / (high - low)).astype(np.float32)
    shots = {part: of_depths(y[:, 0]) for part, y in (("train", table.y), ("val", test), ("test", test))}
    return Prepared(
        x_train=table.x[:train_images].view(np.uint8),
        y_train=((table.y - low) / (high - low)).astype(np.float32),
        x_val=x_test,
        y_val=y_test,
        x_test=x_test,
        y_test=y_test,
        y_low=np.array([low]),
        y_high=np.array([high]),
        rows_train=np.arange(train_images),
        rows_val=train_images + np.arange(len(x_test)),
        rows_test=train_images + np.arange(len(x_test)),
        source=table.source,
        task=table.task,
        shots=shots if table.shots else {},
        maps=maps,
    )


def _shots(table: Table, parts: Mapping[str, Rows], asked: str) -> dict[str, NDArray[np.int64]]:
    """Whether the rows of each part have many, median or few training rows near, by the rule asked for."""
    rule = table.shots if asked == OWN_SHOTS else asked
    if not rule:
        return {}
    if rule not in RULES:
        raise UsageError(f"no shots called '{rule}'; known: {', '.join((OWN_SHOTS, *RULES))}")
    if table.y.shape[1] != 1:
        raise UsageError(f"shots={rule} counts rows by target, and {table.source} has {table.y.shape[1]} dimensions")
    train = table.y[parts["train"], 0]
    return {part: RULES[rule](table.y[rows, 0], train) for part, rows in parts.items()}


def _check_on_disk(table: Table, split: str, inputs: str) -> None:
    """Refuse what images that stay on disk cannot do."""
    if inputs == "raw":
        raise UsageError(f"{table.source}: images on disk are normalised when they are read, so inputs cannot be raw")
    if split != "fixed":
        raise UsageError(f"{table.source}: images on disk have their official split only, so split cannot be {split}")


def _columns(x_train: NDArray[np.generic]) -> tuple[Float64, Float64]:
    """Minimum and range (D,) of each column."""
    low = x_train.min(0)
    return low, x_train.max(0) - low


def _channels(x: NDArray[np.generic], train: Rows) -> tuple[Float64, Float64]:
    """Mean and standard deviation (C, 1, 1) of each channel over the training rows."""
    pixels = x[train].astype(np.float64)
    return pixels.mean((0, 2, 3))[:, None, None], pixels.std((0, 2, 3))[:, None, None]


def _scaled(values: NDArray[np.float64] | NDArray[np.uint8], low: Float64, scale: Float64) -> Float32:
    """(values - low) / scale as float32; 0 where the training rows are constant."""
    constant = scale == 0
    scaled = (values - low) / np.where(constant, 1.0, scale)
    return np.ascontiguousarray(np.where(constant, 0.0, scaled), dtype=np.float32)
