"""The features get the intrinsic dimension and the topology of the targets, by persistent homology.

Topology: L_t of `topological_autoencoder`. Dimension: with E(S) the length of the minimum spanning tree of S, log E
of n random points grows linearly in log n, and the slope tells the dimension of the set they come from. L_d is the
absolute slope of log(E(Z_n) / E(Y_n)) on log n, over random subsets of the batch of growing size: `smallest`, then
`step` more each, below `largest`. Sizes that the batch does not have are left out; fewer than two have no slope.
"""

import math

import torch
from torch import Tensor

from regbench.errors import UsageError
from regbench.random import Stream
from regbench.regularizers.shared.points import sample
from regbench.regularizers.shared.spanning_trees import lengths, trees
from regbench.regularizers.shared.topology import autoencoder_loss
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Static


def loss(_: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """λ_t L_t of `points` random rows, plus λ_d L_d: ()."""
    z, y = sample(batch.stream.child("points"), int(static["points"]), batch.z, batch.y)
    found = sizes(len(batch.z), static)
    dimension = dimension_loss(batch.z, batch.y, found, batch.stream.child("subset"))
    return hparams["weight"] * autoencoder_loss(z, y) + hparams["dimension_weight"] * dimension


def sizes(rows: int, static: Static) -> list[int]:
    """The sizes of the subsets of a batch of `rows` rows; `UsageError` for a size or a step that is none."""
    smallest, step, largest = (int(static[name]) for name in ("smallest", "step", "largest"))
    if smallest < 2 or step < 1:
        raise UsageError(
            f"smallest={smallest}, step={step}: a spanning tree needs two points, and a step is at least 1"
        )
    return [size for size in range(smallest, largest, step) if size <= rows]


def dimension_loss(z_BH: Tensor, y_BM: Tensor, sizes: list[int], stream: Stream) -> Tensor:
    """L_d: the absolute slope of log(E(Z_n) / E(Y_n)) on log n, over a random subset of each size n: ().

    Sizes at which all features, or all targets, are equal have no logarithm, and do not count.
    """
    if len(sizes) < 2:
        return z_BH.new_zeros(())
    subsets = [sample(stream.child(size), size, z_BH, y_BM) for size in sizes]
    lengths_S2 = torch.stack([torch.stack(total_lengths(z, y)) for z, y in subsets])
    counts_S = (lengths_S2 > torch.finfo(lengths_S2.dtype).tiny).all(-1)
    log_S2 = torch.where(counts_S[:, None], lengths_S2, 1).log()
    n_S = torch.tensor([math.log(size) for size in sizes], dtype=z_BH.dtype, device=z_BH.device)
    return slope(n_S, log_S2[:, 0] - log_S2[:, 1], counts_S.to(z_BH.dtype)).abs()


def total_lengths(*points: Tensor) -> list[Tensor]:
    """E, the length of the minimum spanning tree, of each set of points (B, ...): () each."""
    return [lengths(each, edges).sum() for each, edges in zip(points, trees(*points), strict=True)]


def slope(x_S: Tensor, y_S: Tensor, weight_S: Tensor) -> Tensor:
    """The slope of the weighted least-squares line of y on x; 0 if no two different x have weight: ()."""
    x_S = x_S - (weight_S * x_S).sum() / weight_S.sum().clamp(min=1)
    spread = (weight_S * x_S.square()).sum()
    alone = weight_S.sum() < 2
    return torch.where(alone, 0, (weight_S * x_S * y_S).sum() / torch.where(alone, 1, spread))


REGULARIZER = Regularizer(
    loss=loss,
    hparams={
        "weight": HParam(100.0, low=0.01, high=1e4, least=0, symbol="λ_t"),
        "dimension_weight": HParam(1.0, low=0.01, high=100.0, least=0, symbol="λ_d"),
    },
    static={"points": 80, "smallest": 19, "step": 20, "largest": 80},
    on_host=True,
    label="PH-Reg",
    reference="Zhang, Kawaguchi, Yao (2024), https://arxiv.org/abs/2404.13904",
)
