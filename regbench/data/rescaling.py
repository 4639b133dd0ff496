"""Inputs on other scales than [0, 1], from a dataset that is split and scaled: standardised, or by quantiles.

Everything is fitted on the training rows. Both start from inputs scaled to [0, 1], which changes neither: one does not
depend on shift and scale, the other only on the order.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regbench.data.table import Float64, Prepared
from regbench.errors import UsageError

STANDARDISED, QUANTILES = "standardised", "quantiles"
RESCALED = (STANDARDISED, QUANTILES)  # values of the protocol's `inputs` that are made here
ROWS_PER_QUANTILE, FEWEST, MOST = 30, 10, 1000  # as in the code of Gorishniy et al. (2021)
TAIL = 1e-7  # least and largest share of rows, as in scikit-learn's QuantileTransformer: at most 5.2 deviations

Scaling = Callable[[Float64], Float64]


def rescaled(data: Prepared, inputs: str) -> Prepared:
    """The same data with inputs as the protocol's `inputs` says.

    `standardised` has mean 0 and deviation 1 over the training rows, `quantiles` a standard normal distribution, by
    linear interpolation between quantiles, equal ones in the middle of their places; values beyond the training rows
    are then as far out as the last of them. Inputs that are constant in the training rows are 0. Other names change
    nothing, for they are `prepare`'s.

    Raises:
        UsageError: the inputs are images.
    """
    if inputs not in RESCALED:
        return data
    if data.x_train.ndim != 2:
        raise UsageError(f"inputs={inputs} is for columns; images are standardised per channel as they are")
    fit = _standardised if inputs == STANDARDISED else _quantiles
    x_train = data.x_train.astype(np.float64)
    columns = [fit(column) for column in x_train.T]

    def scaled(x: NDArray[np.generic]) -> NDArray[np.float32]:
        made = [scale(column) for scale, column in zip(columns, x.astype(np.float64).T, strict=True)]
        return np.ascontiguousarray(np.stack(made, axis=1), dtype=np.float32)

    return replace(data, x_train=scaled(data.x_train), x_val=scaled(data.x_val), x_test=scaled(data.x_test))


def quantiles(values: Float64) -> tuple[Float64, Float64]:
    """Quantiles of some values and their places in [0, 1], evenly spaced: 10 to 1000 of them, one for 30 rows."""
    count = int(np.clip(len(values) // ROWS_PER_QUANTILE, FEWEST, MOST))
    places = np.linspace(0, 1, count)
    return np.quantile(values, places), places


def _standardised(train: Float64) -> Scaling:
    mean, deviation = train.mean(), train.std()
    if not deviation > 0:
        return np.zeros_like
    return lambda x: (x - mean) / deviation


def _quantiles(train: Float64) -> Scaling:
    from scipy.special import ndtri

    known, places = quantiles(train)
    if known[0] == known[-1]:
        return np.zeros_like

    def scale(x: Float64) -> Float64:
        """Of several quantiles with one value, the middle of their places."""
        from_left = np.interp(x, known, places)
        from_right = -np.interp(-x, -known[::-1], -places[::-1])
        return ndtri(np.clip((from_left + from_right) / 2, TAIL, 1 - TAIL))

    return scale
