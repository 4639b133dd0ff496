"""Properties of every method, tested for each one in the catalog."""

import ast

import pytest
import torch
from torch import Tensor

from regbench import catalog, roots
from regbench.random import Stream
from regbench.types import HParam, Method, Params
from tests.methods.samples import batch, build, build_anew, cast, hparams, losses, outputs, targets

NAMES = catalog.names("methods")
SIX = ("lsq", "lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder", "end2end")
STOPPED = {  # their losses hold a factor that nothing is trained by, so no difference quotient is their gradient
    "beta_nll",
    "balanced_mse",
}
PER_BATCH = [name for name in NAMES if catalog.load("methods", name).per_batch]
AMONG_ROWS = [*PER_BATCH, "balanced_mse"]  # the loss of a row depends on the others
every_method = pytest.mark.parametrize("name", NAMES)
every_k = pytest.mark.parametrize("k", [2, 5, 25])
every_m = pytest.mark.parametrize("m", [1, 3])  # one dimension, and several


def test_the_catalog_has_the_six_methods_of_the_first_paper():
    assert set(SIX) <= set(NAMES)


def test_the_catalog_has_the_usual_other_heads():
    assert {
        *("two_hot", "hl_gauss", "cross_entropy_plus_mse", "quantile_bins", "coral", "corn"),
        *("huber", "l1", "pinball", "gaussian_nll", "beta_nll"),
    } <= set(NAMES)


@every_method
def test_a_method_says_what_it_is_in_one_sentence_and_names_its_source(name):
    entry = catalog.entry("methods", name)
    assert entry.summary.endswith(".")
    assert entry.year
    assert catalog.load("methods", name).reference == entry.arguments["reference"]


@every_method
def test_what_the_catalog_reads_without_importing_is_what_the_method_is(name):
    entry, method = catalog.entry("methods", name), catalog.load("methods", name)
    assert isinstance(method, Method)
    assert entry.hparams == {key: each.default for key, each in method.hparams.items()}
    assert entry.arguments.get("static", {}) == method.static
    assert entry.arguments["uses_k"] is method.uses_k


@every_method
def test_the_ranges_of_a_sweep_are_literals_that_hold_the_default(name):
    tree = ast.parse((roots.PACKAGE / "methods" / f"{name}.py").read_text(encoding="utf-8"))
    method: Method = catalog.load("methods", name)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "HParam"]
    read = [
        HParam(
            *map(ast.literal_eval, call.args),
            **{each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg},
        )
        for call in calls
    ]
    assert read == list(method.hparams.values())
    assert all(each.low is not None and each.high is not None for each in read)
    assert all((each.low or 0) <= each.default <= (each.high or 0) and (each.low or 0) > 0 for each in read)


@every_method
@pytest.mark.parametrize("k", [2, 5, 9])
@every_m
def test_parameters_are_finite_float64_and_loss_and_prediction_have_their_shapes(name, k, m):
    method, params, values = build(name, k, targets(60, m))
    outputs_BK, y_BM = outputs(method, k, m), targets(12, m, seed=1)
    if name in SIX:  # a mean of each dimension, or one joint distribution over the bins
        assert outputs_BK.shape == (12, k if method.uses_k else m)
    for each in [*params.trained.values(), *params.fixed.values()]:
        assert each.dtype == torch.float64
        assert each.isfinite().all()
    assert not set(params.trained) & set(params.fixed)
    assert method.predict(params, outputs_BK).shape == (12, m)
    loss_B = losses(method, params, values, y_BM, outputs_BK)
    assert loss_B.shape == (() if name in PER_BATCH else (12,))
    assert loss_B.dtype == torch.float64
    assert loss_B.isfinite().all()


@every_method
@every_m
def test_many_models_at_once_are_the_models_one_by_one_forward_and_backward(name, m):
    """`vmap` over jobs with different seeds, targets and hyper-parameters gives what a loop over them gives."""
    k, jobs = 5, 2
    models = [build(name, k, targets(60, m, seed=job), seed=job) for job in range(jobs)]
    method = models[0][0]
    values_J = [{key: value * (1 + job) for key, value in values.items()} for job, (_, _, values) in enumerate(models)]
    y_JBM = torch.stack([targets(12, m, seed=10 + job) for job in range(jobs)])
    outputs_JBK = torch.stack([outputs(method, k, m, seed=job) for job in range(jobs)])

    def gradients(loss: Tensor, inputs: list[Tensor]) -> list[Tensor]:
        found = torch.autograd.grad(loss, inputs, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]

    def stacked(part: str) -> dict[str, Tensor]:
        return {
            key: torch.stack([getattr(params, part)[key] for _, params, _ in models])
            for key in getattr(models[0][1], part)
        }

    def one(params: Params, values: dict[str, Tensor], y_BM: Tensor, outputs_BK: Tensor) -> Tensor:
        return losses(method, params, values, y_BM, outputs_BK)

    packed = Params(
        trained={key: each.requires_grad_() for key, each in stacked("trained").items()}, fixed=stacked("fixed")
    )
    values_packed = {key: torch.stack([values[key] for values in values_J]) for key in method.hparams}
    packed_outputs = outputs_JBK.clone().requires_grad_()
    in_dims = (0, 0 if values_packed else None, 0, 0)
    together = torch.func.vmap(one, in_dims=in_dims)(packed, values_packed, y_JBM, packed_outputs)
    g_together = gradients(together.sum(), [packed_outputs, *packed.trained.values()])

    for job, (_, params, _) in enumerate(models):
        trained = {key: each.clone().requires_grad_() for key, each in params.trained.items()}
        outputs_BK = outputs_JBK[job].clone().requires_grad_()
        alone = one(Params(trained=trained, fixed=params.fixed), values_J[job], y_JBM[job], outputs_BK)
        torch.testing.assert_close(together[job], alone, rtol=1e-10, atol=1e-12)
        for g_packed, g in zip(g_together, gradients(alone.sum(), [outputs_BK, *trained.values()]), strict=True):
            torch.testing.assert_close(g_packed[job], g, rtol=1e-8, atol=1e-11)

    predicted = torch.func.vmap(method.predict)(packed, outputs_JBK)
    for job, (_, params, _) in enumerate(models):
        torch.testing.assert_close(predicted[job], method.predict(params, outputs_JBK[job]), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", sorted({*NAMES} - STOPPED))
@every_m
def test_gradients_are_those_of_finite_differences(name, m):
    method, params, values = build(name, 4, targets(40, m))
    y_BM = targets(4, m, seed=1)
    names, trained = list(params.trained), [each.clone().requires_grad_() for each in params.trained.values()]

    def loss(outputs_BK: Tensor, *trained: Tensor) -> Tensor:
        now = Params(trained=dict(zip(names, trained, strict=True)), fixed=params.fixed)
        return losses(method, now, values, y_BM, outputs_BK)

    assert torch.autograd.gradcheck(loss, (outputs(method, 4, m, n=4).requires_grad_(), *trained))


@every_method
@every_k
def test_float32_gives_what_float64_gives(name, k):
    method, params, values = build(name, k)
    y_BM, outputs_BK = targets(12, seed=1), outputs(method, k, 1)
    exact = losses(method, params, values, y_BM, outputs_BK)
    values_32 = {key: value.float() for key, value in values.items()}
    found = losses(method, cast(params, torch.float32), values_32, y_BM.float(), outputs_BK.float())
    assert found.dtype == torch.float32
    # The affine form at 25 bins has logits of size 1e3, so float32 leaves 1e-4 of each.
    torch.testing.assert_close(found.double(), exact, rtol=2e-3, atol=1e-5)


@every_method
@every_m
def test_the_same_stream_gives_the_same_parameters(name, m):
    for static in [{}, {"init": "random"}] if "init" in catalog.load("methods", name).static else [{}]:
        (_, first, _), (_, second, _) = (build_anew(name, 5, targets(30, m), seed=3, static=static) for _ in range(2))
        for key in [*first.trained, *first.fixed]:
            assert first[key].equal(second[key])


@pytest.mark.parametrize("name", sorted({*NAMES} - {*AMONG_ROWS}))
@every_m
def test_a_row_has_the_loss_it_would_have_alone(name, m):
    """The loss of a row does not depend on other rows; two equal rows have the same loss as one."""
    method, params, values = build(name, 5, targets(60, m))
    y_BM, outputs_BK = targets(6, m, seed=1), outputs(method, 5, m, n=6)
    together = losses(method, params, values, y_BM, outputs_BK)
    for row in range(6):
        alone = losses(method, params, values, y_BM[[row]], outputs_BK[[row]])
        twice = losses(method, params, values, y_BM[[row, row]], outputs_BK[[row, row]])
        torch.testing.assert_close(alone[0], together[row], rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(twice, together[[row, row]], rtol=1e-12, atol=1e-13)


@every_method
@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_a_network_gone_astray_still_has_a_finite_loss_and_gradient(name, scale):
    method, params, values = build(name, 25)
    outputs_BK = (outputs(method, 25, 1) * scale).float().requires_grad_()
    values_32 = {key: value.float() for key, value in values.items()}
    loss_B = losses(method, cast(params, torch.float32), values_32, targets(12, seed=1).float(), outputs_BK)
    (gradient,) = torch.autograd.grad(loss_B.sum(), outputs_BK)
    assert loss_B.isfinite().all()
    assert gradient.isfinite().all()


@every_method
@pytest.mark.parametrize(
    "y_NM",
    [
        torch.full((7, 1), 0.3),
        torch.full((7, 2), 0.3),
        torch.tensor([[0.0], [1.0]]),
        torch.tensor([[0.0, 1.0]]),
        torch.tensor([[0.0], [0.25], [0.5], [0.75], [1.0]]).repeat(9, 1),
        torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(9, 1),
    ],
    ids=["constant", "constant in 2-D", "two rows", "one row", "five levels", "two points in 2-D"],
)
def test_targets_with_fewer_values_than_bins_still_give_finite_parameters_and_loss(name, y_NM):
    y_NM = y_NM.double()
    method, params, values = build(name, 9, y_NM)
    assert all(each.isfinite().all() for each in [*params.trained.values(), *params.fixed.values()])
    assert losses(method, params, values, y_NM, outputs(method, 9, y_NM.shape[1], n=len(y_NM))).isfinite().all()


@pytest.mark.parametrize("name", [name for name in NAMES if catalog.load("methods", name).decoder])
def test_a_prediction_of_bins_stays_between_the_lowest_and_the_highest_of_its_decoder(name):
    method, params, _ = build(name, 7)
    assert method.decoder
    mu_KM = method.decoder(params)
    predicted = method.predict(params, 30 * outputs(method, 7, 1, n=500))
    assert predicted.min() >= mu_KM.min() - 1e-12
    assert predicted.max() <= mu_KM.max() + 1e-12


@every_method
def test_the_loss_reads_only_what_a_batch_has(name):
    """These six methods use neither rows, stream, features nor progress; a batch without them is enough."""
    method, params, values = build(name, 5)
    full = batch(method, params, targets(12, seed=1), outputs(method, 5, 1))
    other = full._replace(rows=full.rows + 5, stream=Stream.named(9, "other"), progress=full.progress + 1)
    assert method.loss(params, full, values).equal(method.loss(params, other, values))


def test_every_hyper_parameter_has_a_known_name():
    """One spelling across methods, so that a sweep of lambda_sigma means the same in each."""
    known = {"lambda_sigma", "lambda_auto", "lambda_kl", "lambda_pred", "alpha", "encoder_lr"}
    assert {key for name in SIX for key in hparams(catalog.load("methods", name))} == known


@every_method
@every_m
def test_encoder_and_decoder_fit_each_other_and_the_outputs(name, m):
    """ψ has one probability per output, of one distribution or of one per dimension, and μ has one row per output."""
    method, params, _ = build(name, 5, targets(60, m))
    if method.encode:
        psi_NK = method.encode(params, targets(60, m)).exp()
        assert psi_NK.shape == (60, method.outputs(5, m))
        dimensions = method.outputs(5, m) // 5
        torch.testing.assert_close(psi_NK.sum(-1), torch.full((60,), dimensions).double(), rtol=1e-9, atol=1e-9)
    if method.decoder:
        assert method.decoder(params).shape == (method.outputs(5, m), m)
    if method.encode and method.decoder:
        psi_NK = method.encode(params, targets(60, m)).exp()
        predicted = method.predict(params, method.encode(params, targets(60, m)))
        torch.testing.assert_close(psi_NK @ method.decoder(params), predicted, rtol=1e-9, atol=1e-9)
