"""The network for depth against the same one from torch's own layers, under the names of the authors' code."""

import math

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from regbench.backbones.resnet50_depth import BACKBONE, apply_last, decoder, init_last
from regbench.backbones.shared import residual
from regbench.errors import UsageError
from regbench.random import Stream
from tests.backbones.test_resnet50 import Bottleneck

SMALL: dict[str, int | str | bool] = {"layers": "1-2", "weights": "", "width": 8}
SHAPE = (3, 16, 24)
IMAGES = Stream.named(0, "images").normal(3, *SHAPE)


class Up(nn.Module):
    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(into, out, 5, 1, 2, bias=False), nn.BatchNorm2d(out)
        self.conv1_2, self.bn1_2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(into, out, 5, 1, 2, bias=False), nn.BatchNorm2d(out)

    def forward(self, x: Tensor, size: list[int]) -> Tensor:
        x = functional.interpolate(x, size, mode="bilinear", align_corners=False)
        return (self.bn1_2(self.conv1_2(self.bn1(self.conv1(x)).relu())) + self.bn2(self.conv2(x))).relu()


class Depth(nn.Module):
    """The network of the options SMALL, written stage by stage."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Bottleneck(8, 8, 1, fits=True))
        self.layer2 = nn.Sequential(Bottleneck(32, 16, 2, fits=True), Bottleneck(64, 16, 1, fits=False))
        self.D = nn.ModuleDict(
            {
                "conv": nn.Conv2d(64, 32, 1, bias=False),
                "bn": nn.BatchNorm2d(32),
                "up1": Up(32, 16),
                "up2": Up(16, 8),
            }
        )
        self.MFF = nn.ModuleDict(
            {
                "up1": Up(32, 2),
                "up2": Up(64, 2),
                "conv": nn.Conv2d(4, 4, 5, 1, 2, bias=False),
                "bn": nn.BatchNorm2d(4),
            }
        )
        self.R = nn.ModuleDict({"conv2": nn.Conv2d(12, 2, 5, 1, 2)})
        for number in (0, 1):
            self.R[f"conv{number}"] = nn.Conv2d(12, 12, 5, 1, 2, bias=False)
            self.R[f"bn{number}"] = nn.BatchNorm2d(12)

    def features(self, x: Tensor) -> Tensor:
        h = functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        first = self.layer1(h)
        second = self.layer2(first)
        small, large = list(first.shape[2:]), [2 * side for side in first.shape[2:]]
        d, fusion, r = self.D, self.MFF, self.R
        h = d["up2"](d["up1"](d["bn"](d["conv"](second)).relu(), small), large)
        fused = torch.cat([fusion["up1"](first, large), fusion["up2"](second, large)], 1)
        h = torch.cat([h, fusion["bn"](fusion["conv"](fused)).relu()], 1)
        return r["bn1"](r["conv1"](r["bn0"](r["conv0"](h)).relu())).relu()


def reference() -> Depth:
    torch.manual_seed(0)
    network = Depth().double()
    for name, tensor in network.state_dict().items():
        if tensor.ndim == 1 and "conv" not in name:
            tensor.uniform_(0.5, 1.5)
    return network


def test_it_gives_what_torchs_layers_give_and_has_their_names():
    network = reference()
    state = network.state_dict()
    assert BACKBONE.buffers
    names = [*BACKBONE.init(SHAPE, SMALL, Stream.named(0)), *BACKBONE.buffers(SHAPE, SMALL)]
    assert set(names) == {name for name in state if "num_batches" not in name and not name.startswith("R.conv2")}
    ours = {name: state[name].detach().clone()[None] for name in names}
    for training in (False, True):
        network.train(training)
        expected = network.features(IMAGES)
        found, _ = BACKBONE.forward(ours, IMAGES[None], [] if training else None, SMALL)
        torch.testing.assert_close(found[0].movedim(-1, 1), expected)
        last = apply_last(found[0], state["R.conv2.weight"], state["R.conv2.bias"][None])
        torch.testing.assert_close(last.movedim(-1, 1), network.R["conv2"](expected))
    for name, tensor in network.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(ours[name][0], tensor)


def test_the_full_network_has_128_features_and_the_convolutions_of_the_authors_code():
    assert BACKBONE.features(BACKBONE.options) == 128
    weights = BACKBONE.init(SHAPE, {**BACKBONE.options, "width": 8}, Stream.named(0))
    assert len([name for name in weights if weights[name].ndim == 4]) == 53 + 1 + 8 * 3 + 1 + 2
    every = residual.shapes([*residual.convolutions(3, BACKBONE.options), *decoder(BACKBONE.options)])
    assert BACKBONE.cost["weights"] == sum(map(math.prod, every.values()))


def test_features_are_of_every_second_pixel():
    assert BACKBONE.buffers
    weights = BACKBONE.init(SHAPE, SMALL, Stream.named(0)) | BACKBONE.buffers(SHAPE, SMALL)
    found, _ = BACKBONE.forward({name: each[None] for name, each in weights.items()}, IMAGES[None], None, SMALL)
    assert found.shape == (1, 3, 8, 12, BACKBONE.features(SMALL))


def test_the_last_layer_starts_as_torchs_does():
    layer, theirs = init_last(32, 8, Stream.named(0, "layer")), nn.Conv2d(32, 8, 5)
    assert layer["weight"].shape == theirs.weight.shape
    assert layer["weight"].abs().max() <= 1 / math.sqrt(32 * 25)
    assert layer["weight"].std().item() == pytest.approx(theirs.weight.std().item(), rel=0.1)
    assert layer["bias"].shape == (1, 8)
    assert BACKBONE.head
    assert BACKBONE.head.matrix(layer["weight"]).shape == (8 * 25, 32)


def test_its_encoder_takes_published_weights_and_the_rest_starts_at_random(tmp_path):
    network = reference()
    state = {name: tensor for name, tensor in network.state_dict().items() if name[0] not in "DMR"}
    save_file(state, tmp_path / "weights.safetensors")
    options = {**SMALL, "weights": str(tmp_path / "weights.safetensors")}
    assert BACKBONE.buffers
    weights, buffers = BACKBONE.init(SHAPE, options, Stream.named(0)), BACKBONE.buffers(SHAPE, options)
    assert torch.equal(weights["layer2.1.conv2.weight"], state["layer2.1.conv2.weight"])
    assert torch.equal(buffers["layer1.0.bn3.running_var"], state["layer1.0.bn3.running_var"])
    assert torch.equal(weights["D.conv.weight"], BACKBONE.init(SHAPE, SMALL, Stream.named(0))["D.conv.weight"])
    with pytest.raises(UsageError, match="there is no such file"):
        BACKBONE.init(SHAPE, {**SMALL, "weights": str(tmp_path / "none")}, Stream.named(0))
