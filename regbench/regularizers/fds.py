"""Feature distribution smoothing: features get the mean and variance that those of near targets have.

The training range is cut into equal bins. After each epoch the mean m and the variance v of the features of each bin
are measured, and mixed into running ones: `momentum` times the old, except after the first epoch. A Gaussian kernel
over near bins smooths them to m̃ and ṽ. From the second epoch on the last layer gets, in training,
(z - m) √(ṽ / v) + m̃, with ṽ / v between 0.1 and 10. So the features of a bin with few rows, whose own statistics are
rough, are moved to what their neighbours suggest. A feature that does not vary in its bin stays as it is.

Bins at the ends are mirrored. Bins without training rows have no part in the smoothing; in the authors' code they enter
with the mean of their neighbours. There smoothed statistics are also one epoch older than those that are not smoothed;
here both are those after the last epoch, as the paper has them. Features are measured as in evaluation, without
dropout.
"""

import torch
from torch import Tensor

from regbench.random import Stream
from regbench.regularizers.shared.label_bins import averaging, bin_of, checked, counts, ends, gaussian
from regbench.regularizers.shared.points import take
from regbench.types import HParam, HParams, Params, Regularizer, Rows, Static

LEAST, MOST = 0.1, 10.0  # of the ratio of two variances


def init(y_NM: Tensor, features: int, hparams: HParams, static: Static, _stream: Stream) -> Params:
    """What smooths, and statistics that change nothing; `UsageError` for a setting or targets that cannot be."""
    bins, kernel = int(static["bins"]), int(static["kernel"])
    checked("fds", y_NM, bins, kernel)
    fixed = ends(y_NM)
    known = counts(bin_of(y_NM, **fixed, bins=bins), bins) > 0
    zeros, ones = torch.zeros(bins, features, dtype=y_NM.dtype), torch.ones(bins, features, dtype=y_NM.dtype)
    return Params(
        fixed={
            **fixed,
            "averaging": averaging(known, gaussian(kernel, hparams["sigma"])),
            "mean": zeros,
            "variance": ones,
            "scale": ones,
            "shift": zeros,
        }
    )


def transform(params: Params, z_BH: Tensor, rows: Rows, _hparams: HParams, static: Static) -> Tensor:
    """The calibrated features: (B, H)."""
    bin_B = bin_of(rows.y, params["low"], params["width"], int(static["bins"]))
    return z_BH * take(params["scale"], bin_B) + take(params["shift"], bin_B)


def after_epoch(
    params: Params, z_NH: Tensor, y_NM: Tensor, epoch: int, hparams: HParams, static: Static
) -> dict[str, Tensor]:
    """The running mean and variance of each bin, and the calibration by them: (bins, H) each."""
    mean, variance = statistics(z_NH, bin_of(y_NM, params["low"], params["width"], int(static["bins"])), params)
    if epoch > 1:
        mean = torch.lerp(mean, params["mean"], hparams["momentum"])
        variance = torch.lerp(variance, params["variance"], hparams["momentum"])
    scale, shift = calibration(mean, variance, params["averaging"])
    return {"mean": mean, "variance": variance, "scale": scale, "shift": shift}


def statistics(z_NH: Tensor, bin_N: Tensor, params: Params) -> tuple[Tensor, Tensor]:
    """Mean and variance (with n - 1) of the features in each bin; of one row 0, of none as before: (bins, H) each."""
    inside = torch.nn.functional.one_hot(bin_N, len(params["mean"])).to(z_NH.dtype).mT  # (bins, N)
    count = inside.sum(1, keepdim=True)
    mean = inside @ z_NH / count.clamp(min=1)
    variance = inside @ (z_NH - mean[bin_N]).square() / (count - 1).clamp(min=1)
    return torch.where(count > 0, mean, params["mean"]), torch.where(count > 0, variance, params["variance"])


def calibration(mean: Tensor, variance: Tensor, averaging: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift of each feature in each bin, (bins, H): those of (z - m) √(ṽ / v) + m̃."""
    varies = variance > 0
    ratio = (averaging @ variance / torch.where(varies, variance, 1)).clamp(LEAST, MOST)
    scale = torch.where(varies, ratio.sqrt(), 1)
    return scale, torch.where(varies, averaging @ mean - mean * scale, 0)


REGULARIZER = Regularizer(
    init=init,
    transform=transform,
    after_epoch=after_epoch,
    hparams={
        "sigma": HParam(2.0, low=0.5, high=10.0, above=0, symbol="σ"),
        "momentum": HParam(0.9, low=0.1, high=0.99, scale="linear", least=0, below=1),
    },
    static={"kernel": 5, "bins": 100},
    label="FDS",
    reference="Yang, Zha, Chen, Wang, Katabi (2021), section 3.2, https://arxiv.org/abs/2102.09554",
)
