"""Targets on other scales: what the network learns, and the way back to the units in which errors are reported.

Targets come scaled to [0, 1] by their range over the training rows, and errors are reported so. `standardised` gives
them mean 0 and deviation 1; `log` and `quantiles` bend them, and their training rows are in [0, 1] again. Methods take
their bins from the range of the training targets that they get, whatever it is. Everything is fitted on the training
rows.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from regbench.data import Prepared
from regbench.data.rescaling import quantiles
from regbench.errors import UsageError

Map = Callable[[Tensor], Tensor]  # (..., M) float64
STANDARDISED, LOG, QUANTILES = "standardised", "log", "quantiles"


class TargetMap(NamedTuple):
    """A growing function of each target dimension, from reported targets to learnt ones, and its inverse.

    slope: how much a reported target (M,) grows with a learnt one, where it is the same everywhere.
    """

    to: Map
    back: Map
    slope: Tensor | None

    def scores(self, learnt: Mapping[str, float]) -> dict[str, float]:
        """The scores of predicted distributions in reported units, without those that cannot be converted.

        The coverage of an interval between quantiles is the same in all units. CRPS grows with the slope and the
        negative log-likelihood with its logarithm, where there is one; where there is none, they would need the
        distribution.
        """
        found = {name: value for name, value in learnt.items() if name.endswith("coverage")}
        if self.slope is not None and len(self.slope) == 1:
            slope = float(self.slope)
            found |= {name: slope * value for name, value in learnt.items() if name.endswith("crps")}
            found |= {name: value + float(np.log(slope)) for name, value in learnt.items() if name.endswith("nll")}
        return found


def fit(targets: str, data: Prepared) -> TargetMap | None:
    """The map that the protocol's `targets` names; None where the network learns what is reported.

    Raises:
        UsageError: the logarithm of targets that are not all positive.
    """
    makers = {STANDARDISED: _standardised, LOG: _log, QUANTILES: _quantiles}
    return makers[targets](data) if targets in makers else None


def _standardised(data: Prepared) -> TargetMap:
    y_NM = torch.from_numpy(data.y_train).double()
    mean, deviation = y_NM.mean(0), y_NM.std(0, correction=0)
    return TargetMap(
        lambda y: (y - mean.to(y)) / deviation.to(y), lambda t: mean.to(t) + deviation.to(t) * t, slope=deviation
    )


def _log(data: Prepared) -> TargetMap:
    """The logarithm of the target in its own unit, from 0 at the lowest training target to 1 at the highest.

    With r = (highest - lowest) / lowest it is log(1 + r y) / log(1 + r) of the scaled target y. Validation and test
    targets that are not positive count as a thousandth of the lowest; that is for the diagnostics only, not for errors.
    """
    low, high = torch.from_numpy(data.y_low), torch.from_numpy(data.y_high)
    if not bool((low > 0).all()):
        raise UsageError(
            f"targets=log needs positive targets, and the lowest of the training rows is {float(low.min()):g}; "
            "targets=quantiles takes any"
        )
    ratio = (high - low) / low
    least = -0.999  # of r y, so of a target that is a thousandth of the lowest
    return TargetMap(
        lambda y: torch.log1p((ratio.to(y) * y).clamp(min=least)) / torch.log1p(ratio.to(y)),
        lambda t: torch.expm1(t * torch.log1p(ratio.to(t))) / ratio.to(t),
        slope=None,
    )


def _quantiles(data: Prepared) -> TargetMap:
    """The share of training targets below, by linear interpolation between quantiles; beyond the ends it is cut off.

    Equal quantiles become one, in the middle of their shares; then shares are scaled to [0, 1], so that a target with
    few values, such as a grade, keeps them apart and can be mapped back.
    """
    known = [_knots(column) for column in data.y_train.astype(np.float64).T]

    def interpolated(values: Tensor, *, back: bool) -> Tensor:
        found = [
            _interpolate(values[..., place], *(reversed(knots) if back else knots)) for place, knots in enumerate(known)
        ]
        return torch.stack(found, dim=-1)

    return TargetMap(
        lambda y: interpolated(y, back=False), lambda t: interpolated(t, back=True), slope=None
    )  # fmt: skip


def _knots(train: np.ndarray) -> tuple[Tensor, Tensor]:
    """Different quantiles of a target and their shares from 0 to 1, both growing."""
    values, places = quantiles(train)
    known, which = np.unique(values, return_inverse=True)
    shares = np.bincount(which, weights=places) / np.bincount(which)
    shares = (shares - shares[0]) / (shares[-1] - shares[0])
    return torch.from_numpy(known), torch.from_numpy(shares)


def _interpolate(values: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The piecewise linear function through the points (x, y), constant beyond their ends; NaN stays NaN."""
    x, y = x.to(values), y.to(values)
    inside = values.clamp(x[0], x[-1])
    right = torch.searchsorted(x, inside.contiguous(), right=True).clamp(1, len(x) - 1)
    left = right - 1
    return torch.lerp(y[left], y[right], (inside - x[left]) / (x[right] - x[left]))
