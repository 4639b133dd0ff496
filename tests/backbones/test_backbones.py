"""Every backbone: packed as many, alone as one, and gradients that are the true ones."""

import pytest
import torch
from torch.nn import functional

from regbench import catalog
from regbench.random import Stream
from regbench.training import trunk
from regbench.types import Keep

SHAPES = {"cnn": (3, 8, 8), "resnet50": (3, 16, 16), "resnet50_depth": (3, 16, 16)}
SHAPES |= dict.fromkeys(("mlp", "mlp_narrow", "mlp_ple", "mlp_periodic", "resnet", "tabm"), (5,))
SMALL = {
    "mlp": {"layers": 2, "width": 6},
    "mlp_narrow": {"layers": 2, "width": 6, "features": 3},
    "mlp_ple": {"layers": 2, "width": 6, "bins": 3},
    "mlp_periodic": {"layers": 2, "width": 6, "frequencies": 3, "embedding": 2, "sigma": 0.5},
    "resnet": {"layers": 2, "width": 6, "hidden": 2},
    "tabm": {"layers": 2, "width": 3, "members": 2, "start": "signs"},
    "cnn": {"width": 6},
    "resnet50": {"layers": "1-1", "weights": "", "width": 4},
    "resnet50_depth": {"layers": "1-1", "weights": "", "width": 4},
}
every_backbone = pytest.mark.parametrize("name", catalog.names("backbones"))


def packed(name, jobs=3, rows=4):
    """A backbone, stacked weights of `jobs` models, inputs of their own, and dropout masks; float64."""
    backbone = catalog.load("backbones", name)
    models = [backbone.init(SHAPES[name], SMALL[name], Stream.named(seed, "init")) for seed in range(jobs)]
    own = backbone.buffers(SHAPES[name], SMALL[name]) if backbone.buffers else {}
    if backbone.fitted:
        own |= backbone.fitted(Stream.named(8, "rows").normal(50, *SHAPES[name]), SMALL[name])
    models = [{**model, **own} for model in models]
    weights = {key: torch.stack([model[key] for model in models]) for key in models[0]}
    stream = Stream.named(9, "test")
    x = stream.child("x").normal(jobs, rows, *SHAPES[name])
    keep = []
    for layer, width in enumerate(backbone.dropped(SMALL[name])):
        masks = (stream.child(layer).uniform(jobs, rows, width) > 0.3) / 0.7
        scale = torch.full((jobs, 1, 1), 1 / 0.7).double()
        keep.append(Keep(masks, range(jobs), scale, torch.arange(jobs)))
    return backbone, weights, x, keep


@every_backbone
def test_the_backward_pass_is_the_derivative_of_the_forward_pass(name):
    backbone, weights, x, keep = packed(name)
    names = backbone.init(SHAPES[name], SMALL[name], Stream.named(0, "init"))
    trained = {key: weight for key, weight in weights.items() if key in names}
    buffers = {key: weight for key, weight in weights.items() if key not in names}
    z, back = trunk.forward(backbone, trained, buffers, x, keep, SMALL[name])
    dz = Stream.named(1, "dz").normal(*z.shape)
    gradients = back(dz.clone())
    assert sorted(gradients) == sorted(trained)
    step = 1e-8
    for key, weight in trained.items():
        direction = Stream.named(2, key).normal(*weight.shape)
        ahead, _ = backbone.forward({**weights, key: weight + step * direction}, x, keep, SMALL[name])
        behind, _ = backbone.forward({**weights, key: weight - step * direction}, x, keep, SMALL[name])
        numeric = float(((ahead - behind) * dz).sum() / (2 * step))
        # a network whose normalisation makes a weight's scale irrelevant has small gradients: differences of large sums
        rounding = 1e-6 * max(1.0, float(dz.abs().sum()) / 1000)
        assert float((gradients[key] * direction).sum()) == pytest.approx(numeric, rel=1e-4, abs=rounding)


@every_backbone
def test_models_of_a_pack_do_not_notice_each_other(name):
    backbone, weights, x, keep = packed(name)
    z, _ = backbone.forward(weights, x, keep, SMALL[name])
    for job in range(len(x)):
        own = {key: weight[job : job + 1] for key, weight in weights.items()}
        alone, _ = backbone.forward(
            own,
            x[job : job + 1],
            [Keep(each.masks[job : job + 1], [0], each.scale[:1], torch.tensor([0])) for each in keep],
            SMALL[name],
        )
        torch.testing.assert_close(z[job], alone[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in catalog.names("backbones") if "resnet" not in name])
def test_without_dropout_nothing_is_dropped(name):
    backbone, weights, x, keep = packed(name)
    evaluated, _ = backbone.forward(weights, x, None, SMALL[name])
    everything = [
        Keep(torch.ones_like(each.masks), each.which, torch.ones_like(each.scale), each.index) for each in keep
    ]
    kept, _ = backbone.forward(weights, x, everything, SMALL[name])
    torch.testing.assert_close(evaluated, kept)
    assert evaluated.shape == (3, 4, backbone.features(SMALL[name]))


@every_backbone
def test_literals_can_be_read_without_importing_the_file(name):
    known, backbone = catalog.entry("backbones", name), catalog.load("backbones", name)
    assert known.hparams == {key: each.default for key, each in backbone.hparams.items()}
    assert known.arguments["options"] == backbone.options
    assert known.year
    assert known.summary.endswith(".")


def test_the_mlp_is_the_papers():
    """Hidden layers of 128 with ReLU and dropout after each, the last included."""
    backbone = catalog.load("backbones", "mlp")
    weights = backbone.init((5,), backbone.options, Stream.named(0, "init"))
    assert [tuple(weight.shape) for weight in weights.values()] == [(5, 128), (1, 128), (128, 128), (1, 128)]
    assert backbone.dropped(backbone.options) == [128, 128]


def test_the_cnn_is_torchs_own_layers():
    backbone, weights, x, _ = packed("cnn", jobs=1)
    h = x[0]
    for layer in range(3):
        h = functional.conv2d(
            h, weights[f"convolution{layer}.weight"][0], weights[f"convolution{layer}.bias"][0], padding=1
        ).relu()
        h = functional.avg_pool2d(h, 2) if layer < 2 else h
    h = h.flatten(1)
    for layer in range(2):
        h = (h @ weights[f"linear{layer}.weight"][0] + weights[f"linear{layer}.bias"][0]).relu()
    torch.testing.assert_close(backbone.forward(weights, x, None, SMALL["cnn"])[0][0], h)


def test_grouped_convolutions_give_what_the_loop_over_models_gives():
    """CUDA runs the pack as grouped convolutions; the arithmetic is checked on the CPU by asking for that path."""
    from regbench.backbones import cnn

    _, weights, x, _ = packed("cnn")
    torch.testing.assert_close(cnn.grouped(weights, x), cnn.looped(weights, x))


def test_linear_layers_start_as_torchs_do():
    from regbench.backbones.shared.linear import init_linear

    layer = init_linear(100, 400, Stream.named(0, "layer"))
    theirs = torch.nn.Linear(100, 400)
    for ours, reference in [(layer["weight"], theirs.weight), (layer["bias"], theirs.bias)]:
        assert ours.abs().max() <= 0.1
        assert ours.std().item() == pytest.approx(reference.std().item(), rel=0.1)


@pytest.mark.parametrize("k", [1, 5, 25])
def test_the_last_layer_and_its_gradients_are_those_of_a_matrix_product(k):
    from regbench.backbones.shared.linear import narrow, narrow_backward

    stream = Stream.named(0, "narrow")
    z, weight, bias = (
        stream.child(name).normal(*shape) for name, shape in [(0, (3, 7, 6)), (1, (3, 6, k)), (2, (3, 1, k))]
    )
    for tensor in (z, weight, bias):
        tensor.requires_grad_()
    expected = torch.baddbmm(bias, z, weight)
    given = stream.child("given").normal(3, 7, k)
    torch.testing.assert_close(narrow(z, weight, bias), expected)
    gradients = torch.autograd.grad(expected, [z, weight, bias], given)
    with torch.no_grad():
        for ours, theirs in zip(narrow_backward(z, weight, given), gradients, strict=True):
            torch.testing.assert_close(ours, theirs)
