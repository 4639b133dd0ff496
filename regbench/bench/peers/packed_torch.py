"""A packed training loop in plain PyTorch: the networks of `plain` stacked by `torch.func`, with one summed loss.

As someone writes it who wants speed and keeps to the public interface: `vmap` over `functional_call`, one call of
`grad`, clipping and Adam as arithmetic on stacked tensors. `torch.compile` makes one program of the whole step.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional

from regbench.bench.peers.plain import network
from regbench.training.optim import one_cycle
from regbench.training.pack import Model

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # the defaults of torch.optim.Adam
CLIP_EPSILON = 1e-6  # of torch.nn.utils.clip_grad_norm_
OWN = "method."  # begins the names of a method's own parameters
Tensors = Mapping[str, Tensor]


def lsq(_values: Tensors, _weights: Mapping[str, float], outputs: Tensor, y: Tensor) -> Tensor:
    """Least squares."""
    return functional.mse_loss(outputs, y)


def lsq_softmax(values: Tensors, _weights: Mapping[str, float], outputs: Tensor, y: Tensor) -> Tensor:
    """Least squares on the mean of the predicted distribution over trained values."""
    return functional.mse_loss(outputs.softmax(-1) @ values["mu"], y)


def hard_binning(values: Tensors, _weights: Mapping[str, float], outputs: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy with the nearest centre as the class."""
    return functional.cross_entropy(outputs, (y - values["centres"].mT).abs().argmin(-1))


def soft_binning(values: Tensors, _weights: Mapping[str, float], outputs: Tensor, y: Tensor) -> Tensor:
    """KL divergence to soft targets, Gaussian in the distance to the bin centres."""
    return kl(-((y - values["centres"].mT) ** 2) / (2 * values["sigma"] ** 2), outputs)


def pretrained_encoder(values: Tensors, _weights: Mapping[str, float], outputs: Tensor, y: Tensor) -> Tensor:
    """KL divergence to soft targets from a fixed affine encoder."""
    return kl(y @ values["w_lin"] + values["w_bias"], outputs)


def end2end(values: Tensors, weights: Mapping[str, float], outputs: Tensor, y: Tensor) -> Tensor:
    """Autoencoding, classification and regression in one loss, the encoder and the decoder trained too."""
    logits = y @ values["w_lin"] + values["w_bias"]
    log_psi = logits.log_softmax(-1)
    psi = log_psi.exp()
    entropy = -(psi * log_psi).sum(-1).mean()
    auto = functional.mse_loss(psi @ values["mu"], y) + weights["alpha"] * entropy
    error = functional.mse_loss(outputs.softmax(-1) @ values["mu"], y)
    return weights["lambda_auto"] * auto + weights["lambda_kl"] * kl(logits, outputs) + weights["lambda_pred"] * error


def kl(target_logits: Tensor, outputs: Tensor) -> Tensor:
    """KL(softmax(target_logits) | softmax(outputs)), the mean over rows; `vmap` is slow with `functional.kl_div`."""
    log_psi = target_logits.log_softmax(-1)
    return (log_psi.exp() * (log_psi - outputs.log_softmax(-1))).sum(-1).mean()


LOSSES: Mapping[str, Callable[[Tensors, Mapping[str, float], Tensor, Tensor], Tensor]] = {
    "lsq": lsq,
    "lsq_softmax": lsq_softmax,
    "hard_binning": hard_binning,
    "soft_binning": soft_binning,
    "pretrained_encoder": pretrained_encoder,
    "end2end": end2end,
}


class PackedTraining:
    """Jobs that differ only in their seed, trained together; `steps` is the total number of steps."""

    def __init__(self, model: Model, *, steps: int, is_compiled: bool = False) -> None:
        job, *others = model.jobs
        if any(replace(other, seed=job.seed) != job for other in others):
            raise ValueError("jobs that differ in more than their seed are not packed")
        (part,) = model.heads
        networks = [
            network(job, _of(model.trunk.views, row), _of(part.linear.views, row)) for row in range(len(model.jobs))
        ]
        stacked, _ = stack_module_state(networks)
        own = {f"{OWN}{name}": value.clone() for name, value in part.trained_views.items()}
        self.values = {name: value.detach() for name, value in {**stacked, **own}.items()}
        self.first, self.second = (
            {name: torch.zeros_like(value) for name, value in self.values.items()} for _ in range(2)
        )
        self.fixed = dict(part.head.fixed)
        self.network = networks[0].train()
        self.loss = LOSSES[job.method]
        self.protocol = job.protocol
        self.hparams = dict(job.hparams)
        self.rates = one_cycle(job.protocol, steps)
        self.number = 0
        self.gradients = grad(self.total, has_aux=True)
        if is_compiled:
            torch.compiler.reset()  # it compiles a function anew for a few objects only, and then gives up
        self.update = torch.compile(self.advance, dynamic=False) if is_compiled else self.advance

    def total(self, values: Tensors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The sum of the jobs' losses, and the losses (J,): rows (J, B, D...), (J, B, 1)."""

        def of_one(values: Tensors, fixed: Tensors, x: Tensor, y: Tensor) -> Tensor:
            weights = {name: value for name, value in values.items() if not name.startswith(OWN)}
            own = {name.removeprefix(OWN): value for name, value in values.items() if name.startswith(OWN)}
            return self.loss({**own, **fixed}, self.hparams, functional_call(self.network, weights, (x,)), y)

        losses = vmap(of_one, randomness="different")(values, self.fixed, x, y)
        return losses.sum(), losses

    def advance(self, x: Tensor, y: Tensor, rate: Tensor, correction: Tensor) -> Tensor:
        """One step; returns the losses (J,).

        `rate` is the learning rate divided by the correction of the first moment, `correction` the factor of the root
        of the second one.
        """
        gradients, losses = self.gradients(self.values, x, y)
        squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients.values()]).sum(0)
        scales = (self.protocol.clip / (squares.sqrt() + CLIP_EPSILON)).clamp(max=1.0)
        for name, gradient in gradients.items():
            value, first, second = self.values[name], self.first[name], self.second[name]
            is_own = name.startswith(OWN)
            decay = self.protocol.encoder_weight_decay if is_own else self.protocol.weight_decay
            scaled = (gradient * scales.view(-1, *[1] * (gradient.ndim - 1))).add_(value, alpha=decay)
            first.lerp_(scaled, 1 - BETA1)
            second.mul_(BETA2).addcmul_(scaled, scaled, value=1 - BETA2)
            denominator = (second.sqrt() * correction).add_(EPSILON)
            value.sub_((first / denominator).mul_(rate * self.hparams.get("encoder_lr", 1.0) if is_own else rate))
        return losses

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        """One step on a batch of each job; returns their losses (J,)."""
        rate = self.protocol.learning_rate * self.rates[self.number]
        self.number += 1
        corrections = 1 - BETA1**self.number, 1 - BETA2**self.number
        factors = torch.tensor([rate / corrections[0], 1 / math.sqrt(corrections[1])], dtype=x.dtype)
        return self.update(x, y, *factors.unbind())

    def epoch(self, batches: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
        """Train on batches (x, y) of all jobs; returns each job's mean loss (J,)."""
        return torch.stack([self.step(x, y) for x, y in batches]).mean(0)


def indexed(x: Tensor, y: Tensor, batch_size: int, jobs: int) -> Iterable[tuple[Tensor, Tensor]]:
    """Batches (J, B, D...), (J, B, 1), each job in an order of its own; the last partial batch is dropped."""
    order = torch.stack([torch.randperm(len(x)) for _ in range(jobs)])
    for start in range(0, len(x) - batch_size + 1, batch_size):
        rows = order[:, start : start + batch_size]
        yield x[rows], y[rows]


def why_not_compiled() -> str | None:
    """Why `torch.compile` cannot be used here, as torch says it; None if it can."""
    try:
        torch.compile(torch.neg)(torch.zeros(2))
    except Exception as error:  # what is missing may be a compiler, its headers, or support of this Python
        return first_line(error)
    return None


def first_line(error: Exception) -> str:
    r"""The first line of an error's message that says something, or its name.

    >>> first_line(ValueError("backend='inductor' raised:\nno compiler\n\nmore")), first_line(KeyError())
    ('no compiler', 'KeyError')
    """
    lines = [line for line in str(error).splitlines() if line.strip() and not line.endswith(":")]
    return lines[0].strip() if lines else type(error).__name__


def _of(views: Tensors, row: int) -> Tensors:
    return {name: tensor[row].clone() for name, tensor in views.items()}
