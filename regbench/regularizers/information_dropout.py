"""The features are multiplied by random noise, whose strength the network learns, and is paid for leaving it on.

In training z̃ = z exp(α ε) with ε ~ N(0, 1), and α = 0.001 + α_max sigmoid(z W + b) for each feature. The term is
β times -Σ log(α / (α_max + 0.001)), the information that noisy features keep, up to a constant, averaged over rows.
The authors compute α from the input of the layer; here it is from its output, which is what a regularizer sees.

`variant=port` has two slips of a later implementation, by Zhang et al. (2024): α_max counts twice, and the logit passes
a ReLU first. So α stays between 0.246 and 0.491 for α_max = 0.7: the noise is never off.
"""

from torch import Tensor

from regbench.errors import one_of
from regbench.random import Stream
from regbench.regularizers.shared.noise import normal
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Rows, Static

LEAST_ALPHA = 0.001  # the authors', in their code: keeps the logarithm finite
VARIANTS = ("original", "port")


def init(_y_NM: Tensor, features: int, _hparams: HParams, static: Static, stream: Stream) -> Params:
    """W (H, H) and b (H,), uniform within 1 / sqrt(H) as in `nn.Linear`; `UsageError` for an unknown variant."""
    one_of("variant", static["variant"], VARIANTS, "variant")
    bound = features**-0.5
    return Params(
        trained={
            "weight": bound * (2 * stream.child("weight").uniform(features, features) - 1),
            "bias": bound * (2 * stream.child("bias").uniform(features) - 1),
        }
    )


def transform(params: Params, z_BH: Tensor, rows: Rows, hparams: HParams, static: Static) -> Tensor:
    """The noisy features z exp(α ε): (B, H)."""
    noise_BH = normal(rows.stream.child("noise"), *z_BH.shape, dtype=z_BH.dtype)
    return z_BH * (alpha(params, z_BH, hparams, static) * noise_BH).exp()


def loss(params: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """β times the mean over rows of -Σ log(α / (α_max + 0.001)): ()."""
    relative_BH = alpha(params, batch.z, hparams, static) / (hparams["alpha_max"] + LEAST_ALPHA)
    return -hparams["weight"] * relative_BH.log().sum(-1).mean()


def alpha(params: Params, z_BH: Tensor, hparams: HParams, static: Static) -> Tensor:
    """The strength of the noise, the standard deviation of its logarithm: (B, H)."""
    logits_BH = z_BH @ params["weight"] + params["bias"]
    if static["variant"] == "port":
        return LEAST_ALPHA + hparams["alpha_max"] ** 2 * logits_BH.relu().sigmoid()
    return LEAST_ALPHA + hparams["alpha_max"] * logits_BH.sigmoid()


REGULARIZER = Regularizer(
    loss=loss,
    init=init,
    transform=transform,
    hparams={
        "weight": HParam(0.01, low=1e-4, high=10.0, least=0, symbol="β"),
        "alpha_max": HParam(0.7, low=0.1, high=1.0, least=0, symbol="α_max"),
    },
    static={"variant": "original"},
    label="information dropout",
    reference="Achille, Soatto (2018), https://arxiv.org/abs/1611.01353",
)
