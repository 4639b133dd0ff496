"""Label distribution smoothing: rows count the more in the loss, the fewer training rows have targets near theirs.

The rows of each of `bins` equal bins of the training range are counted, and a Gaussian kernel over near bins smooths
the counts, or their roots: a rare target beside frequent ones is learnt from these too. The weight of a row is the
inverse, divided by the mean over the training rows, so that the size of the loss stays as it was. It weights the loss
of the method alone, not the terms of regularizers.

reweight: `sqrt_inverse`, of the root of the count; `inverse`, of the count, of which 5 at least and 1000 at most count;
or `none`, with which all rows have the weight 1.
kernel: its size in bins; 1 is plain re-weighting. bins: 100, for the ages of the paper's first set span 100 years.

The authors' code makes its kernel with a filter that folds what lies outside of 5 bins back into it, so that it is
flatter than the Gaussian that the paper names and that is used here: 0.86, 0.95 beside 1 instead of 0.61, 0.88.
"""

import torch
from torch import Tensor

from regbench.errors import one_of
from regbench.random import Stream
from regbench.regularizers.shared.label_bins import bin_of, checked, counts, ends, gaussian, weighted_sums
from regbench.types import HParam, HParams, Params, Regularizer, Rows, Static

REWEIGHTINGS = ("sqrt_inverse", "inverse", "none")
FEWEST, MOST = 5, 1000  # rows of a bin that count, as in the authors' code


def init(y_NM: Tensor, _h: int, hparams: HParams, static: Static, _stream: Stream) -> Params:
    """The weight of each bin (bins,); `UsageError` for a setting or targets that cannot be."""
    bins, kernel = int(static["bins"]), int(static["kernel"])
    checked("lds", y_NM, bins, kernel)
    fixed = ends(y_NM)
    bin_N = bin_of(y_NM, **fixed, bins=bins)
    smooth = weighted_sums(_sizes(counts(bin_N, bins), str(static["reweight"])), gaussian(kernel, hparams["sigma"]))
    weight = 1 / torch.where(smooth > 0, smooth, 1)
    return Params(fixed={**fixed, "weight": weight / weight[bin_N].mean()})


def weigh(params: Params, rows: Rows, _hparams: HParams, static: Static) -> Tensor:
    """The weight of each row: targets (B, 1) -> (B,)."""
    return params["weight"][bin_of(rows.y, params["low"], params["width"], int(static["bins"]))]


def _sizes(count: Tensor, reweight: str) -> Tensor:
    """What is smoothed, of the number of rows in each bin: (bins,)."""
    match one_of("reweight", reweight, REWEIGHTINGS, "weights of lds"):
        case "sqrt_inverse":
            return count.sqrt()
        case "inverse":
            return count.clamp(FEWEST, MOST)
        case _:
            return torch.zeros_like(count)


REGULARIZER = Regularizer(
    init=init,
    weigh=weigh,
    hparams={"sigma": HParam(2.0, low=0.5, high=10.0, above=0, symbol="σ")},
    static={"reweight": "sqrt_inverse", "kernel": 5, "bins": 100},
    label="LDS",
    reference="Yang, Zha, Chen, Wang, Katabi (2021), section 3.1, https://arxiv.org/abs/2102.09554",
)
