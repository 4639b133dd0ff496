"""How well features preserve the topology of targets, by the edges of the minimum spanning trees of both."""

import torch
from torch import Tensor

from regbench.regularizers.shared.norms import norms
from regbench.regularizers.shared.spanning_trees import lengths, trees


def autoencoder_loss(z_BH: Tensor, y_BM: Tensor) -> Tensor:
    """L_t of PH-Reg: the mean of (D_Z - D_Y)² over the edges of the tree of the targets, plus that of the features.

    Features and targets are each divided by their largest norm. With a single row there is no edge, and the loss is 0.
    """
    # Both trees have equally many edges, so the two means share a divisor. The trees are those of what is not divided:
    # by rounding, equal distances of targets would become different ones.
    edges = torch.cat(trees(z_BH, y_BM))
    difference = lengths(_by_largest_norm(z_BH), edges) - lengths(_by_largest_norm(y_BM), edges)
    return difference.square().sum() / max(len(z_BH) - 1, 1)


def _by_largest_norm(x: Tensor) -> Tensor:
    largest = norms(x).amax()
    return x / torch.where(largest > 0, largest, 1)
