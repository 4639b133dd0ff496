"""Tightness of level sets: how much features vary where the prediction does not, as a share of their variance.

The last layer sees only the span of the rows of its weight, for least squares of one target the direction θ. Rows with
nearly the same prediction form a cell: about ten cells of equal numbers of rows, cut along each target dimension. The
numerator is the variance within cells of what is orthogonal to the span; the denominator is the variance of the
features. 0 means that the prediction determines the features but for the span. NaN if the features do not vary, if the
last layer sees all directions, or if no cell has two rows.
"""

import torch
from torch import Tensor

from regbench.metrics.spearman import ranks
from regbench.types import Features, Metric

CELLS = 10  # of one target dimension; the cells of several are about as many together
LEAST = 1e-6  # of the largest singular value of the weight, which is in single precision


def tightness(features: Features) -> Tensor:
    """The share of one model (), in float64."""
    z_NH = features.z.double()
    z_NH = z_NH - z_NH.mean(0)
    total = z_NH.square().sum() / (len(z_NH) - 1)
    if not (total.isfinite() and total > 0 and features.weight.isfinite().all()):
        return torch.tensor(torch.nan, dtype=torch.float64)
    span_RH = _row_space(features.weight.double())
    cell_N, cells = _cells(features.prediction)
    if len(span_RH) == z_NH.shape[1] or cells == len(z_NH):
        return torch.tensor(torch.nan, dtype=torch.float64)
    across_NH = z_NH - z_NH @ span_RH.mT @ span_RH
    sum_CH = across_NH.new_zeros(cells, z_NH.shape[1]).index_add(0, cell_N, across_NH)
    mean_CH = sum_CH / cell_N.bincount(minlength=cells)[:, None]
    within = (across_NH - mean_CH[cell_N]).square().sum() / (len(z_NH) - cells)
    return (within / total).cpu()


def _row_space(weight_KH: Tensor) -> Tensor:
    """An orthonormal basis (R, H) of the span of the rows."""
    _, sizes, basis = torch.linalg.svd(weight_KH, full_matrices=False)
    return basis[sizes > LEAST * sizes.max()]


def _cells(prediction_NM: Tensor) -> tuple[Tensor, int]:
    """The number of each row's cell (N,), and how many cells have rows; equal predictions share a cell."""
    rows, dimensions = prediction_NM.shape
    pieces = max(2, int(CELLS ** (1 / dimensions) + 1e-9))
    piece_NM = ((ranks(prediction_NM) - 0.5) * pieces / rows).long()
    found, cell_N = piece_NM.unique(dim=0, return_inverse=True)
    return cell_N, len(found)


METRIC = Metric(
    label="Tightness",
    symbol="T",
    better="low",
    unit="share",
    needs="features",
    compute=tightness,
    reference="after Zhang, Yan, Yao (2025), Improving Deep Regression with Tightness, Section 3",
)
