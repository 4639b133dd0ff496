"""The features preserve the topology of the targets: close neighbours are as far apart in one space as in the other.

Neighbours are the ends of an edge of the minimum spanning tree, of the features and of the targets: these edges are the
persistent homology of dimension 0. Distances are relative to the largest norm, and the term is the mean of (D_Z - D_Y)²
over the edges of each tree. Moor et al. take the sum, and a learned scale; this is the form that Zhang et al. (2024)
and (2025) compare with, in their code.
"""

from torch import Tensor

from regbench.regularizers.shared.points import sample
from regbench.regularizers.shared.topology import autoencoder_loss
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Static


def loss(_: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """λ_t L_t of `points` random rows: ()."""
    z, y = sample(batch.stream.child("points"), int(static["points"]), batch.z, batch.y)
    return hparams["weight"] * autoencoder_loss(z, y)


REGULARIZER = Regularizer(
    loss=loss,
    hparams={"weight": HParam(100.0, low=0.01, high=1e4, least=0, symbol="λ_t")},
    static={"points": 80},
    on_host=True,
    label="topological autoencoder",
    reference="Moor, Horn, Rieck, Borgwardt (2020), in the form of Zhang et al. (2024), https://arxiv.org/abs/1906.00722",
)
