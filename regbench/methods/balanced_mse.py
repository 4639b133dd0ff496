"""Balanced MSE: the squared error as it would be if all targets were equally frequent.

Errors are taken for Gaussian noise of standard deviation σ, which is trained. What a network fits to unbalanced targets
is p(y | x) ∝ p_train(y) N(y; ŷ, σ²), so the loss of a row is -log N(y; ŷ, σ²) + log ∫ N(y'; ŷ, σ²) p_train(y') dy',
times 2σ² without gradient, which gives it the size of a squared error.

variant: `bmc` has the targets of the batch for p_train, which makes the loss the cross-entropy of finding a row's own
target among those of the batch by its prediction; `gai` has a mixture of `components` Gaussians, fitted to the training
targets, and so needs targets of one dimension.

If targets are uniform over much more than σ, the integral is constant, and this is the squared error. If σ is much
larger than all differences, the loss of a row is -2 ŷ (y - ȳ) and a constant: nothing holds predictions back, so σ must
not start too large. `sigma` is where it starts. The authors start with 1 for ages that span a hundred years; here it is
a tenth of the range of the targets, about the error of a network at its start. They train σ at ten times the network's
learning rate; here its logarithm is trained, so that it stays positive, at `encoder_lr` times the network's rate.
"""

from torch import Tensor

from regbench.errors import UsageError, one_of
from regbench.methods.shared.logits import squared_distances
from regbench.methods.shared.mixture import fit, log_terms
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static

VARIANTS = ("bmc", "gai")


def init(y_NM: Tensor, _k: int, hparams: HParams, static: Static, _stream: Stream) -> Params:
    """The logarithm of σ (), trained, and the mixture of `gai`; `UsageError` for what cannot be."""
    variant = one_of("variant", static["variant"], VARIANTS, "variant of balanced_mse")
    components = int(static["components"])
    trained = {"log_sigma": hparams["sigma"].log()}
    if variant == "bmc":
        return Params(trained)
    if y_NM.shape[1] != 1:
        raise UsageError(f"variant=gai: needs a target of one dimension, not {y_NM.shape[1]}; variant=bmc does not")
    if components < 1:
        raise UsageError(f"components={components}: balanced_mse needs one at least")
    return Params(trained, fit(y_NM[:, 0], components))


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """The loss of each row, among all rows of the batch: targets and prediction (B, M) -> (B,)."""
    twice = 2 * (2 * params["log_sigma"]).exp()
    error_B = (batch.y - batch.prediction).square().sum(-1) / twice
    if "means" in params.fixed:
        expected_B = _gai(params, batch.prediction[:, 0], twice / 2)
    else:
        expected_B = (-squared_distances(batch.prediction, batch.y) / twice).logsumexp(-1)
    return twice.detach() * (error_B + expected_B)


def _gai(params: Params, prediction_B: Tensor, variance: Tensor) -> Tensor:
    """The logarithm of ∫ N(y'; ŷ, σ²) p_train(y') dy', plus that of σ: (B,)."""
    terms_BL = log_terms(prediction_B, params["log_weights"], params["means"], params["variances"] + variance)
    return terms_BL.logsumexp(-1) + variance.log() / 2


METHOD = Method(
    outputs=lambda _k, m: m,
    init=init,
    loss=loss,
    predict=lambda _params, outputs_BM: outputs_BM,
    hparams={
        "sigma": HParam(0.1, low=0.001, high=1.0, above=0, symbol="σ"),
        "encoder_lr": HParam(1.0, low=0.01, high=10.0, least=0, symbol="encoder rate"),
    },
    static={"variant": "bmc", "components": 8},
    uses_k=False,
    label="balanced MSE",
    colour="#AA4466",
    reference="Ren, Zhang, Yu, Liu (2022), https://arxiv.org/abs/2203.16427",
)
