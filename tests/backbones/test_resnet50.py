"""ResNet-50 against the same network from torch's own layers, under the names that published weights have."""

import math
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from regbench.backbones.resnet50 import BACKBONE
from regbench.backbones.shared import residual
from regbench.errors import UsageError
from regbench.random import Stream

SMALL: dict[str, int | str | bool] = {"layers": "2-1", "weights": "", "width": 4}
USUAL = BACKBONE.options
IMAGES = Stream.named(0, "images").normal(5, 3, 20, 24)


class Bottleneck(nn.Module):
    def __init__(self, into: int, width: int, stride: int, fits: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(into, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        if fits:
            fit = nn.Conv2d(into, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(fit, nn.BatchNorm2d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        h = self.bn1(self.conv1(x)).relu()
        h = self.bn2(self.conv2(h)).relu()
        h = self.bn3(self.conv3(h))
        return (h + (self.downsample(x) if hasattr(self, "downsample") else x)).relu()


class Reference(nn.Module):
    """The network of SMALL, with the last layer that published weights have."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Bottleneck(4, 4, 1, fits=True), Bottleneck(16, 4, 1, fits=False))
        self.layer2 = nn.Sequential(Bottleneck(16, 8, 2, fits=True))
        self.fc = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        return self.layer2(self.layer1(h)).mean((2, 3))


def reference(seed: int = 0) -> Reference:
    """With statistics, scales and shifts that are not their initial ones."""
    torch.manual_seed(seed)
    network = Reference().double()
    for name, tensor in network.state_dict().items():
        if tensor.ndim == 1 and "conv" not in name:
            tensor.uniform_(0.5, 1.5)
    return network


def stacked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone()[None] for name, tensor in tensors.items()}


def from_file(path: Path) -> dict[str, int | str | bool]:
    return {**SMALL, "weights": str(path)}


def statistics(options: Mapping[str, int | str | bool]) -> dict[str, Tensor]:
    assert BACKBONE.buffers
    return BACKBONE.buffers((3, 20, 24), options)


def test_it_has_as_many_weights_as_the_published_network_without_its_last_layer():
    every = residual.shapes(residual.convolutions(3, USUAL))
    assert sum(map(math.prod, every.values())) == 23_508_032
    assert len(every) == 3 * 53
    assert BACKBONE.features(USUAL) == 2048
    assert BACKBONE.cost["weights"] == 23_508_032
    assert every["layer3.5.conv2.weight"] == (256, 256, 3, 3)
    assert every["layer4.0.downsample.0.weight"] == (2048, 1024, 1, 1)


def test_a_state_dict_in_the_published_layout_gives_the_features_of_torchs_layers(tmp_path):
    network = reference()
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    options = from_file(tmp_path / "weights.safetensors")
    weights = BACKBONE.init((3, 20, 24), options, Stream.named(0, "init"))
    buffers = statistics(options)
    named = {name for name in network.state_dict() if not name.startswith("fc.") and "num_batches" not in name}
    assert set(weights) | set(buffers) == named
    ours = stacked({**weights, **buffers})
    evaluated, _ = BACKBONE.forward(ours, IMAGES[None], None, options)
    torch.testing.assert_close(evaluated[0], network.eval()(IMAGES))
    trained, _ = BACKBONE.forward(ours, IMAGES[None], [], options)
    torch.testing.assert_close(trained[0], network.train()(IMAGES))
    for name, tensor in network.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(ours[name][0], tensor)


def test_an_evaluation_changes_no_statistics():
    buffers = stacked(statistics(SMALL))
    before = {name: tensor.clone() for name, tensor in buffers.items()}
    weights = stacked(BACKBONE.init((3, 20, 24), SMALL, Stream.named(0, "init")))
    BACKBONE.forward({**weights, **buffers}, IMAGES[None], None, SMALL)
    assert all(torch.equal(buffers[name], before[name]) for name in before)


def test_kernels_start_with_the_variance_of_he():
    weights = BACKBONE.init((3, 20, 24), {**SMALL, "width": 16}, Stream.named(0, "init"))
    kernel = weights["layer2.0.conv2.weight"]
    assert kernel.var().item() == pytest.approx(2 / (32 * 9), rel=0.05)
    assert (weights["bn1.weight"] == 1).all()
    assert (weights["bn1.bias"] == 0).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda state: state.pop("bn1.bias"), r"no tensor called bn1\.bias"),
        (lambda state: state.update({"bn1.bias": torch.zeros(5)}), r"bn1\.bias is \(5,\), not \(4,\)"),
    ],
)
def test_a_file_of_another_network_is_refused(tmp_path, change, says):
    state = reference().state_dict()
    change(state)
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(UsageError, match=says):
        BACKBONE.init((3, 20, 24), from_file(tmp_path / "weights.safetensors"), Stream.named(0, "init"))


def test_a_file_that_is_not_there_or_of_another_format_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        BACKBONE.init((3, 20, 24), from_file(tmp_path / "none"), Stream.named(0, "init"))
    (tmp_path / "a.pth").write_bytes(b"PK and so on, as torch writes it")
    with pytest.raises(UsageError, match=r"no safetensors file .*save_file"):
        BACKBONE.init((3, 20, 24), from_file(tmp_path / "a.pth"), Stream.named(0, "init"))


@pytest.mark.parametrize("layers", ["3-x", "3--4", "0-1", "²"])
def test_numbers_of_blocks_that_cannot_be_are_refused(layers):
    with pytest.raises(UsageError, match=f"layers={layers}: this network needs numbers of blocks such as 3-4-6-3"):
        BACKBONE.init((3, 20, 24), SMALL | {"layers": layers}, Stream.named(0, "init"))
