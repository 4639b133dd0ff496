"""Networks for tables: their layers are those of their papers, and limiting cases are the plain network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from regbench import catalog, kinds
from regbench.backbones import mlp_periodic, mlp_ple
from regbench.errors import UsageError
from regbench.job import pairs
from regbench.kinds.size import Size
from regbench.random import Stream
from regbench.training.checkpoint import State
from regbench.training.loop import Training
from regbench.training.members import last_layers, of_members
from regbench.types import Batch, Keep, Params
from tests.backbones.test_backbones import SMALL, packed
from tests.made.data_samples import prepared
from tests.made.jobs import make_job, with_parts

NEW = ("resnet", "mlp_ple", "mlp_periodic", "tabm")
HEADS = ("lsq", "soft_binning", "end2end", "gar", "gaussian_nll", "coral")
every_new = pytest.mark.parametrize("name", NEW)


def on(name, job, **options):
    """The job on another backbone, small."""
    return replace(job, backbone=name, options=pairs({**SMALL[name], **options}))


def jobs(name, *, seeds=(0, 1), heads=HEADS, **protocol):
    usual = {"epochs": 2, "learning_rate": 1e-2, "dropout": 0.2, **protocol}
    return [on(name, make_job(method, seed=seed, **usual)) for method in heads for seed in seeds]


def wide(options):
    """The options with 32 features: rows of matrices then begin at multiples of what a processor adds at once."""
    return pairs({**dict(options), "width": 32})


def same(one, other, place=0):
    for name, values in other.values.items():
        np.testing.assert_array_equal(one.values[name][place], values[0])


@every_new
def test_a_job_has_the_same_bits_alone_and_in_a_pack(name):
    data, every = prepared(100), [replace(job, options=wide(job.options)) for job in jobs(name, heads=HEADS[:4])]
    whole = list(Training(every, data))
    for place in (1, 2, 5):
        for one, other in zip(whole, Training([every[place]], data), strict=True):
            same(one, other, place)


@every_new
def test_it_goes_on_bit_for_bit_after_a_stop(name):
    data, every = prepared(150), jobs(name, heads=("lsq", "end2end"), epochs=3)
    whole = list(Training(every, data))
    begun = Training(every, data)
    next(iter(begun))
    states = [State.from_bytes(State(1, arrays).to_bytes()) for arrays in begun.state()]
    for one, other in zip(whole[1:], Training(every, data, states=states), strict=True):
        for key, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[key])


@every_new
def test_it_learns(name):
    settings = {"epochs": 20, "dropout": 0.0}
    wider = {"width": 16 if name == "tabm" else 32}
    some = [on(name, make_job(method, k=9, learning_rate=1e-2, **settings), **wider) for method in ("lsq", "hl_gauss")]
    data = prepared(500)
    *_, last = Training(some, data)
    assert (last.values["test/rmse"] < 0.6 * data.y_test.std()).all()


@every_new
def test_parts_are_trained_on_it_too(name):
    data = prepared(100)
    for parts in (("rot",), ("information_dropout", "fds"), ("multi_target",)):
        job = on(name, with_parts(make_job("soft_binning", epochs=2), *parts, m=2))
        *_, last = Training([job], data)
        assert np.isfinite(last.values["test/rmse"]).all(), parts


@every_new
def test_targets_of_several_dimensions_and_kept_features_are_as_with_every_network(name):
    data = prepared(100, targets=2)
    asked = {"keep_features": (1,), "measure_features": (1,), "epochs": 1}
    *_, last = Training([on(name, make_job(method, **asked)) for method in ("lsq", "soft_binning", "two_hot")], data)
    for arrays in last.arrays:
        assert arrays["features"].shape[1] == arrays["weight"].shape[1]


@every_new
def test_its_cost_grows_with_what_makes_it_larger(name):
    kind, size = kinds.of("lsq"), Size()
    usual = on(name, make_job(), **catalog.entry("backbones", name).arguments["options"])
    for option in {"width", "layers"} | {"resnet": {"hidden"}, "tabm": {"members"}}.get(name, set()):
        if name.startswith("mlp_") and option != "width":
            continue
        larger = replace(usual, options=pairs({**dict(usual.options), option: 2 * dict(usual.options)[option]}))
        assert kind.epoch_seconds(larger, size) > 1.5 * kind.epoch_seconds(usual, size)
        assert kind.memory(larger, size) > kind.memory(usual, size)
    assert kind.epoch_seconds(usual, size) > kind.epoch_seconds(make_job(width=128), size)


class TestResNet:
    def test_it_is_torchs_own_layers_in_training_and_in_evaluation(self):
        backbone, weights, x, _ = packed("resnet", jobs=1, rows=20)
        options = SMALL["resnet"]
        theirs = torchs(weights, options)
        for training in (True, False):
            for part in theirs.values():
                part.train(training)
            h = theirs["first"](x[0])
            for block in range(options["layers"]):
                inner = theirs[f"block{block}.linear0"](theirs[f"block{block}.norm"](h)).relu()
                h = h + theirs[f"block{block}.linear1"](inner)
            expected = theirs["norm"](h).relu()
            found, _ = backbone.forward(weights, x, ones(backbone, x) if training else None, options)
            torch.testing.assert_close(found[0], expected)
        for name in ("block0.norm", "norm"):
            torch.testing.assert_close(weights[f"{name}.running_mean"][0], theirs[name].running_mean)
            torch.testing.assert_close(weights[f"{name}.running_var"][0], theirs[name].running_var)


def ones(backbone, x):
    """Masks that keep everything, one for each layer with dropout."""
    masks = [torch.ones(len(x), x.shape[1], width).double() for width in backbone.dropped(SMALL["resnet"])]
    return [Keep(mask, range(len(x)), torch.ones(len(x), 1, 1).double(), torch.arange(len(x))) for mask in masks]


def torchs(weights, options):
    """The layers of a residual network as torch's modules, with the first model's weights."""
    found: dict[str, nn.Module] = {}
    for name in [key.removesuffix(".weight") for key in weights if key.endswith(".weight")]:
        weight, bias = (weights[f"{name}.{each}"][0].clone() for each in ("weight", "bias"))
        if name.endswith("norm"):
            found[name] = nn.BatchNorm1d(options["width"]).double()
        else:
            found[name], weight, bias = nn.Linear(len(weight), weight.shape[1]).double(), weight.T, bias[0]
        found[name].load_state_dict({"weight": weight, "bias": bias}, strict=False)
    return found


class TestPiecewiseLinear:
    def encoded(self, train, x, bins):
        of = mlp_ple.fitted(torch.tensor(train).double()[:, None], {"bins": bins})
        stacked = {name: tensor[None] for name, tensor in of.items()}
        return mlp_ple.encode(stacked, torch.tensor(x).double()[None, :, None])[0]

    def test_with_one_bin_it_is_the_input_scaled_to_the_unit_interval(self):
        """Outside of the training rows too: neither end is clipped."""
        found = self.encoded([2.0, 3.0, 6.0], [2.0, 3.0, 6.0, -2.0, 8.0], 1)
        assert found[:, 0].tolist() == pytest.approx([0, 0.25, 1, -1, 1.5])

    def test_parts_are_ones_below_a_fraction_inside_and_zeros_above(self):
        found = self.encoded([0.0, 1.0, 3.0, 7.0], [0.5, 2.0, 7.0, -1.0, 11.0], 3)
        expected = [[0.5, 0, 0], [1, 0.5, 0], [1, 1, 1], [-1, 0, 0], [1, 1, 2]]
        torch.testing.assert_close(found, torch.tensor(expected).double())

    def test_edges_are_torchs_quantiles(self):
        values = Stream.named(0, "values").normal(101)
        edges = mlp_ple._edges(values, 8)
        torch.testing.assert_close(edges, torch.quantile(values, torch.linspace(0, 1, 9).double()))

    def test_an_input_with_few_values_has_fewer_bins_and_one_with_one_value_has_none(self):
        found = self.encoded([0.0] * 45 + [1.0] * 20 + [3.0] * 16, [0.0, 1.0, 2.0, 3.0], 8)
        of_bins = found.T[(found != 0).any(0)]
        torch.testing.assert_close(of_bins, torch.tensor([[0, 1, 1, 1], [0, 0, 0.5, 1]]).double())
        assert (self.encoded([4.0] * 9, [4.0, 5.0], 8) == 0).all()

    def test_the_sum_of_the_parts_grows_with_the_input(self):
        values = Stream.named(0, "values").normal(200)
        x = torch.linspace(-4, 4, 300).double()
        total = self.encoded(values.tolist(), x.tolist(), 8).sum(1)
        assert (total.diff() > 0).all()

    def test_with_one_bin_over_scaled_inputs_the_network_is_the_mlp(self):
        data = prepared(200)
        plain = make_job("lsq", learning_rate=1e-2)
        one = replace(plain, backbone="mlp_ple", options=pairs({**dict(plain.options), "bins": 1}))
        for ours, theirs in zip(
            Training([one], data, dtype=torch.float64), Training([plain], data, dtype=torch.float64), strict=True
        ):
            assert ours.values["val/rmse"][0] == pytest.approx(theirs.values["val/rmse"][0], rel=1e-6)

    def test_only_training_rows_make_the_bins(self):
        data = prepared(200)
        other = replace(data, x_val=data.x_val + 5, x_test=data.x_test - 5)
        one, two = (Training(jobs("mlp_ple", heads=("lsq",)), each).model.buffers for each in (data, other))
        for name, tensor in one.items():
            assert torch.equal(tensor, two[name])


class TestPeriodic:
    def test_it_is_the_formula_of_the_paper_input_by_input(self):
        _, weights, x, _ = packed("mlp_periodic", jobs=1)
        frequencies, weight, bias = (weights[f"periodic.{name}"][0] for name in ("frequencies", "weight", "bias"))
        found = mlp_periodic.embed(frequencies, weight, bias, x[0]).unflatten(1, (x.shape[-1], -1))
        for place in range(x.shape[-1]):
            angle = 2 * torch.pi * x[0, :, place, None] * frequencies[place]
            layer = nn.Linear(weight.shape[1], weight.shape[2]).double()
            layer.load_state_dict({"weight": weight[place].T, "bias": bias[place]})
            torch.testing.assert_close(found[:, place], layer(torch.cat([angle.sin(), angle.cos()], dim=1)).relu())

    def test_frequencies_start_normal_within_three_deviations(self):
        options = {**SMALL["mlp_periodic"], "frequencies": 5000, "embedding": 1, "sigma": 0.2}
        drawn = mlp_periodic.init((4,), options, Stream.named(0, "init"))["periodic.frequencies"]
        assert float(drawn.abs().max()) <= 0.6
        assert float(drawn.std()) == pytest.approx(0.2 * 0.9866, rel=0.02)  # of a normal cut at three deviations
        assert abs(float(drawn.mean())) < 0.01

    def test_a_spread_of_zero_is_refused(self):
        with pytest.raises(UsageError, match="frequencies need a spread above 0"):
            mlp_periodic.init((4,), {**SMALL["mlp_periodic"], "sigma": 0.0}, Stream.named(0, "init"))


class TestTabM:
    def test_with_one_member_and_adapters_at_one_it_is_the_mlp(self):
        data = prepared(200)
        for method in ("lsq", "soft_binning"):
            plain = make_job(method, weight_decay=0.0, learning_rate=1e-2)
            one = replace(plain, backbone="tabm", options=pairs({**dict(plain.options), "members": 1, "start": "ones"}))
            ours = Training([one], data, dtype=torch.float64)
            theirs = Training([plain], data, dtype=torch.float64)
            x = torch.from_numpy(data.x_val).double()[None]
            torch.testing.assert_close(ours.model.features(x), theirs.model.features(x), rtol=1e-12, atol=1e-14)
            before, after = (each.model.evaluate(each.data.blocks("val", 50)).predictions for each in (theirs, ours))
            torch.testing.assert_close(before, after, rtol=1e-12, atol=1e-14)

    def test_a_member_is_an_mlp_whose_weights_the_adapters_scale(self):
        backbone, weights, x, keep = packed("tabm", jobs=1)
        options = SMALL["tabm"]
        weights = {name: tensor + 0.1 * Stream.named(3, name).normal(*tensor.shape) for name, tensor in weights.items()}
        found, _ = backbone.forward(weights, x, keep, options)
        for member, own in enumerate(found[0].unflatten(-1, (options["members"], -1)).unbind(1)):
            h = x[0]
            for layer in range(options["layers"]):
                r, s, bias = (weights[f"{layer}.{name}"][0, member] for name in ("r", "s", "bias"))
                scaled = r[:, None] * weights[f"{layer}.weight"][0] * s
                mask = keep[layer].masks[0].unflatten(-1, (options["members"], -1))[:, member]
                h = (h @ scaled + bias).relu() * mask
            torch.testing.assert_close(own, h)

    def test_members_start_apart_by_signs_of_the_first_adapter_only(self):
        backbone = catalog.load("backbones", "tabm")
        options = {**SMALL["tabm"], "members": 8}
        weights = backbone.init((5,), options, Stream.named(0, "init"))
        assert set(weights["0.r"].unique().tolist()) == {-1.0, 1.0}
        for name in ("0.s", "1.r", "1.s"):
            assert (weights[name] == 1).all()
        assert (weights["0.bias"] == weights["0.bias"][0]).all()
        with pytest.raises(UsageError, match="start=sign: no such starts of the first adapter; did you mean 'signs'"):
            backbone.init((5,), {**options, "start": "sign"}, Stream.named(0, "init"))

    @pytest.mark.parametrize("name", HEADS)
    def test_the_loss_is_the_mean_of_the_members_losses_and_the_prediction_that_of_their_predictions(self, name):
        """Never the loss of their mean; a loss that looks at all rows looks at those of one member."""
        method = catalog.load("methods", name)
        three = of_members(method, 3)
        stream = Stream.named(0, "members")
        y = stream.child("y").uniform(12, 1)
        hparams = {key: torch.tensor(each.default).double() for key, each in method.hparams.items()}
        params = method.init(y, 5, hparams, method.static, stream)
        outputs = stream.child("outputs").normal(12, 3, method.outputs(5, 1))

        def seen(own, of):
            prediction = of.predict(params, own)
            return Batch(y, own, prediction, own, torch.arange(12), stream, torch.tensor(0.0))

        assert three.outputs(5, 1) == 3 * method.outputs(5, 1)
        own = [seen(each, method) for each in outputs.unbind(1)]
        whole = seen(outputs.flatten(1), three)
        losses = torch.stack([method.loss(params, each, hparams) for each in own])
        torch.testing.assert_close(three.loss(params, whole, hparams), losses.mean(0))
        torch.testing.assert_close(whole.prediction, torch.stack([each.prediction for each in own]).mean(0))

    def test_what_vmap_refuses_is_done_member_by_member(self):
        method = catalog.load("methods", "lsq")

        def stubborn(params, batch, hparams):
            assert float(batch.outputs.sum()) == float(batch.outputs.sum())
            return method.loss(params, batch, hparams)

        y, outputs = Stream.named(0, "y").normal(6, 1), Stream.named(0, "o").normal(6, 3)
        batch = Batch(y, outputs, outputs.mean(1, keepdim=True), outputs, torch.arange(6), Stream.named(0), y)
        one, other = (of_members(replace(method, loss=each), 3) for each in (method.loss, stubborn))
        torch.testing.assert_close(one.loss(Params(), batch, {}), other.loss(Params(), batch, {}))

    def test_last_layers_are_one_for_each_member_and_start_as_linear_layers_do(self):
        last = last_layers(3)
        weights = last.init(12, 15, Stream.named(0, "last"))
        assert (weights["weight"].shape, weights["bias"].shape) == ((3, 4, 5), (3, 5))
        assert 0.4 < float(weights["weight"].abs().max()) <= 0.5
        z = Stream.named(0, "z").normal(7, 12)
        outputs = last.apply(z, weights["weight"], weights["bias"])
        for member in range(3):
            own = z[:, 4 * member : 4 * member + 4] @ weights["weight"][member] + weights["bias"][member]
            torch.testing.assert_close(outputs[:, 5 * member : 5 * member + 5], own)
        torch.testing.assert_close(outputs, z @ last.matrix(weights["weight"]).T + weights["bias"].flatten())

    def test_its_prediction_is_at_least_as_good_as_its_members_are_on_average(self):
        """The squared error of a mean is at most the mean squared error (Jensen)."""
        data = prepared(200)
        (job,) = jobs("tabm", seeds=(0,), heads=("lsq",))
        training = Training([job], data)
        *_, last = training
        part = training.model.heads[0]
        z = training.model.features(torch.from_numpy(data.x_test)[None])
        assert part.head.last
        own = part.head.last.apply(z[0], part.linear.views["weight"][0], part.linear.views["bias"][0])
        errors = (own.numpy() - data.y_test) ** 2
        assert last.values["test/rmse"][0] ** 2 < errors.mean()
