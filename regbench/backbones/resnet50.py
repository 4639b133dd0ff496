"""A residual network of 50 layers for photographs: bottleneck blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions.

He et al. (2016), Table 1, without the last layer: a 7 x 7 convolution and a maximum pooling, four stages of 3, 4, 6 and
3 blocks, and the mean over all places, 2048 features. Every convolution is followed by batch normalisation (Ioffe and
Szegedy, 2015), which has running statistics for the evaluation. The first block of a stage halves the image in its
3 x 3 convolution, and not in the 1 x 1 convolution before it as in the paper: this is what published weights expect
("ResNet v1.5"), and the names of the weights are theirs too.

Initial weights are normal with variance 2 / fan-out (He et al., 2015), scales of the normalisation 1 and shifts 0.
`weights` names a safetensors file with other ones, such as weights trained on ImageNet; its last layer is not used.
Models go one by one: on any device a batch of photographs is work enough.
"""

from collections.abc import Mapping

from torch import Tensor

from regbench.backbones.shared import residual
from regbench.types import Backbone, HParam, Keep, Static


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, 2048) of images (J, B, C, height, width); in training the running statistics are updated."""
    return residual.one_by_one(_network, weights, x, keep, options)


def _network(weights: Mapping[str, Tensor], x: Tensor, options: Static, *, training: bool) -> Tensor:
    """Features (B, H) of one model."""
    *_, last = residual.stages(weights, x, options, training=training)
    return last.mean((2, 3))


def _features(options: Static) -> int:
    """The number of features: 2048."""
    return residual.channels_of_stages(options)[-1]


BACKBONE = Backbone(
    init=residual.init,
    forward=forward,
    buffers=residual.buffers,
    dropped=lambda _options: [],
    features=_features,
    options={"layers": "3-4-6-3", "weights": "", "width": 64},
    images=True,
    # Measured with 8 images of 224 x 224 in one thread: 0.33 to 0.45 s per image, and 86 MB that autograd keeps.
    cost={"seconds": 0.4, "floats": 8_000_000, "weights": 23_508_032, "values": 150_528},
    hparams={
        "dropout": HParam(0.0, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(0.0, low=1e-6, high=1e-2, least=0),
    },
    reference="He et al. (2016), https://arxiv.org/abs/1512.03385",
)
