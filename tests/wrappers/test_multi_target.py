"""Several heads that learn one target."""

import pytest
import torch
from torch import Tensor

from regbench import catalog
from regbench.errors import UsageError
from regbench.random import Stream
from regbench.types import Batch, Method, Params, Static, Wrapper
from tests.methods.samples import batch, build, hparams, losses, outputs, targets

NAMES = catalog.names("methods")
every_method = pytest.mark.parametrize("name", NAMES)
H = 6


def wrapped(name: str, **static: int | str) -> Method:
    wrapper: Wrapper = catalog.load("wrappers", "multi_target")
    return wrapper.wrap(catalog.load("methods", name), {**wrapper.static, **static})


def init(method: Method, y_NM: Tensor, seed: int = 0, static: Static | None = None) -> Params:
    return method.init(y_NM, 5, hparams(method), static or method.static, Stream.named(seed, "method"))


def with_noise(seed: int = 0, m: int = 3) -> tuple[Method, Params, Tensor]:
    method, y_NM = wrapped("lsq", m=m, extra="noise"), targets(400, 2) * torch.tensor([1.0, 50.0])
    return method, init(method, y_NM, seed), y_NM


@every_method
@pytest.mark.parametrize("dimensions", [1, 3])
def test_equal_heads_have_the_loss_prediction_and_gradients_of_one(name, dimensions):
    base, params, values = build(name, 5, targets(60, dimensions))
    method, y_BM = wrapped(name, m=4), targets(12, dimensions, seed=1)
    one_BK = outputs(base, 5, dimensions).requires_grad_()
    all_BK = one_BK.detach().repeat(1, 4).requires_grad_()
    assert all_BK.shape[1] == method.outputs(5, dimensions)
    alone, together = losses(base, params, values, y_BM, one_BK), losses(method, params, values, y_BM, all_BK)
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(method.predict(params, all_BK), base.predict(params, one_BK), rtol=1e-12, atol=1e-14)
    (gradient,), (gradients,) = (
        torch.autograd.grad(loss.sum(), x) for loss, x in ((alone, one_BK), (together, all_BK))
    )
    for of_head in gradients.unflatten(-1, (4, -1)).unbind(1):  # the same for each head, so they stay equal
        torch.testing.assert_close(of_head * 4, gradient, rtol=1e-10, atol=1e-13)
    for score in base.scores:
        torch.testing.assert_close(
            method.scores[score](params, all_BK.detach(), y_BM), base.scores[score](params, one_BK.detach(), y_BM)
        )


@every_method
def test_one_head_is_the_method_itself(name):
    base, params, values = build(name, 5)
    method, y_BM, outputs_BK = wrapped(name, m=1), targets(12, seed=1), outputs(base, 5, 1)
    assert method.outputs(5, 1) == base.outputs(5, 1)
    assert losses(method, params, values, y_BM, outputs_BK).equal(losses(base, params, values, y_BM, outputs_BK))
    assert method.predict(params, outputs_BK).equal(base.predict(params, outputs_BK))
    for score in base.scores:
        assert method.scores[score](params, outputs_BK, y_BM).equal(base.scores[score](params, outputs_BK, y_BM))


@every_method
def test_what_is_not_of_the_outputs_stays(name):
    base, method = catalog.load("methods", name), wrapped(name)
    for field in ("encode", "decoder", "cost", "uses_k", "hparams", "static"):
        assert getattr(method, field) == getattr(base, field)
    assert method.scores.keys() > base.scores.keys()


@every_method
@pytest.mark.parametrize("dimensions", [1, 3])
def test_many_models_at_once_are_the_models_one_by_one(name, dimensions):
    method, y_NM = wrapped(name, m=3), targets(60, dimensions)
    _, params, values = build(name, 5, y_NM)
    y_BM = targets(12, dimensions, seed=1)
    outputs_JBK = torch.stack([outputs(method, 5, dimensions, seed=job) for job in range(2)])

    def one(outputs_BK: Tensor) -> tuple[Tensor, Tensor]:
        return losses(method, params, values, y_BM, outputs_BK), method.predict(params, outputs_BK)

    loss_JB, prediction_JBM = torch.func.vmap(one)(outputs_JBK)
    assert loss_JB.isfinite().all()
    assert prediction_JBM.shape == (2, 12, dimensions)
    for job in range(2):
        loss_B, prediction_BM = one(outputs_JBK[job])
        torch.testing.assert_close(loss_JB[job], loss_B, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(prediction_JBM[job], prediction_BM, rtol=1e-10, atol=1e-12)


def test_features_are_pushed_in_the_span_of_the_weights_of_the_heads():
    method, m = wrapped("lsq", m=3), 3
    theta = Stream.named(0, "theta").normal(m, H)
    z = Stream.named(0, "z").normal(12, H).requires_grad_()
    (gradient,) = torch.autograd.grad(losses(method, Params(), {}, targets(12), z @ theta.T).sum(), z)
    assert torch.linalg.matrix_rank(gradient) > 1  # as it would be of one head
    assert torch.linalg.matrix_rank(torch.cat([theta, gradient])) == m


def test_the_mean_of_linear_heads_is_the_linear_head_of_their_mean():
    method, theta = wrapped("lsq", m=4), Stream.named(0, "theta").normal(4, H)
    z = Stream.named(0, "z").normal(12, H)
    torch.testing.assert_close(method.predict(Params(), z @ theta.T)[:, 0], z @ theta.mean(0))


def test_the_errors_of_each_head_are_scores():
    method, y_BM, outputs_BK = wrapped("lsq", m=3), targets(12, 2), Stream.named(0, "outputs").normal(12, 6)
    assert set(method.scores) == {f"{name}/{head}" for name in ("mse", "mae") for head in (1, 2, 3)}
    for head in range(3):
        error = outputs_BK[:, 2 * head : 2 * head + 2] - y_BM
        torch.testing.assert_close(method.scores[f"mse/{head + 1}"](Params(), outputs_BK, y_BM), error.square().mean(1))
        torch.testing.assert_close(method.scores[f"mae/{head + 1}"](Params(), outputs_BK, y_BM), error.abs().mean(1))


def test_with_noise_the_first_head_learns_and_predicts_the_target_and_the_others_learn_noise():
    method, params, y_NM = with_noise()
    noise, rows = params.fixed["multi_target_noise"], torch.tensor([7, 3, 399])
    best_BK = torch.cat([y_NM[rows], *noise[rows].unbind(1)], 1)
    seen = batch(method, params, y_NM[rows], best_BK)._replace(rows=rows)
    assert not method.loss(params, seen, {}).any()
    assert method.predict(params, best_BK).equal(y_NM[rows])
    assert method.loss(params, seen._replace(rows=rows + torch.tensor([1, 1, -1])), {}).min() > 0


def test_noise_is_as_spread_as_the_targets_fixed_for_each_row_and_new_for_each_seed():
    _, params, y_NM = with_noise()
    (_, again, _), (_, other, _) = with_noise(), with_noise(seed=1)
    noise = params.fixed["multi_target_noise"]
    assert noise.shape == (400, 2, 2)
    torch.testing.assert_close(noise.std(0), y_NM.std(0).expand(2, 2), rtol=0.15, atol=0)
    assert noise.equal(again.fixed["multi_target_noise"])
    assert not noise.equal(other.fixed["multi_target_noise"])
    assert torch.corrcoef(torch.stack([noise[:, 0, 0], noise[:, 1, 0], y_NM[:, 0]])).triu(1).abs().max() < 0.2


def test_noise_works_for_many_models_at_once():
    method, params, y_NM = with_noise()
    rows_JB = torch.tensor([[0, 5, 9], [8, 2, 1]])
    outputs_JBK = Stream.named(0, "outputs").normal(2, 3, 6)

    def one(rows_B: Tensor, outputs_BK: Tensor) -> Tensor:
        seen: Batch = batch(method, params, y_NM[:3], outputs_BK)._replace(rows=rows_B)
        return method.loss(params, seen, {})

    together = torch.func.vmap(one)(rows_JB, outputs_JBK)
    torch.testing.assert_close(together, torch.stack([one(*each) for each in zip(rows_JB, outputs_JBK, strict=True)]))


@pytest.mark.parametrize("name", ["soft_binning", "pinball", "gaussian_nll", "lsq_softmax"])
def test_noise_is_only_for_methods_whose_outputs_are_the_prediction(name):
    with pytest.raises(UsageError, match=r"extra=noise: .* such as lsq"):
        wrapped(name, extra="noise")


def test_wrong_settings_are_named():
    for m in (0, -1):
        with pytest.raises(UsageError, match=f"m={m}"):
            wrapped("lsq", m=m)
    with pytest.raises(UsageError, match=r"extra=copys.*did you mean 'copies'"):
        wrapped("lsq", extra="copys")
