"""The bins of an encoder in the plane: their names, frames and regions."""

import numpy as np
import pandas as pd

from regbench.analysis import encoders
from regbench.analysis.encoders import Array
from regbench.reports.bridges import encoder_pair
from regbench.reports.bridges.encoder_pair import Encoder, Numbers


def described(encoder: Encoder) -> str:
    """The name of an encoder in captions."""
    return f"{encoder.variant} ({encoder.role}, epoch {encoder.epoch})"


def letter(encoder: Encoder) -> str:
    """The letter of what its bins decode to: centres c, or μ if that was trained."""
    return "μ" if "mu" in encoder.parameters else "c"


def bin_frame(numbers: Numbers, encoder: Encoder) -> pd.DataFrame:
    """One row per bin: μ, ψ(y), its mean share of the training targets, and how many have their largest share there."""
    bins = list(numbers.bins)
    counts = np.bincount(encoder.of_targets.argmax(1), minlength=len(bins)) if len(numbers.targets) else None
    columns = {
        "encoder": encoder.role,
        "variant": encoder.variant,
        "bin": range(1, len(bins) + 1),
        "stored_as": bins,
        **{f"mu_{name}": encoder.mu[bins, i] for i, name in enumerate(numbers.names)},
        "psi_y": encoder.of_y[bins],
        "hard_y": [int(bin_ == encoder.own) for bin_ in bins],
        "mean_psi": encoder.of_targets.mean(0)[bins] if counts is not None else np.nan,
        "targets": counts[bins] if counts is not None else 0,
    }
    return pd.DataFrame(columns)


def grid_frame(numbers: Numbers, shares: dict[str, Array]) -> pd.DataFrame:
    """One row per point of the grid, with these shares (GRID²,) in columns."""
    points = encoder_pair.plane(numbers.axis)
    return pd.DataFrame({name: points[:, i] for i, name in enumerate(numbers.names)} | shares)


def target_frame(numbers: Numbers) -> pd.DataFrame:
    """The targets that are drawn."""
    return pd.DataFrame(numbers.points, columns=list(numbers.names))


def region(numbers: Numbers, encoder: Encoder, bin_: int) -> Array:
    """The corners (V, 2) of where a bin has the largest share."""
    return encoders.region(encoder.parameters, bin_, numbers.axis[:, 0], numbers.axis[:, -1])
