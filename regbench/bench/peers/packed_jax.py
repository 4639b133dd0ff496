"""A packed training loop in JAX: `vmap` over the jobs, and one compiled `scan` over the steps of an epoch.

JAX is no dependency of regbench, so it is imported where it is used. Only the MLP is written here. Masks are as cheap
as ours: one byte of a keyed stream decides about a unit.
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from regbench.training.optim import one_cycle
from regbench.training.pack import Model

INSTALL = "pip install 'regbench[jax]'"
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # the defaults of optax.adam
CLIP_EPSILON = 1e-6  # of torch.nn.utils.clip_grad_norm_
DRAWS = 256  # values of a byte
ONE_THREAD = {  # of the process, before JAX is imported
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "NPROC": "1",  # the size of XLA's pool of threads
    "OMP_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
}
Arrays = Mapping[str, Any]


def is_installed() -> bool:
    """Whether JAX can be imported; does not import it."""
    return find_spec("jax") is not None


def jax() -> Any:
    """The library, without types: it is not there when ours are checked."""
    return import_module("jax")


def one_thread() -> None:
    """Limit JAX to one thread in this process, in which it must not have been imported yet."""
    os.environ.update(ONE_THREAD)


def softmax(logits: Any) -> Any:
    """Over the last dimension."""
    return jax().nn.softmax(logits, -1)


def log_softmax(logits: Any) -> Any:
    """Over the last dimension."""
    return jax().nn.log_softmax(logits, -1)


def squared(predicted: Any, y: Any) -> Any:
    """The mean squared error."""
    return ((predicted - y) ** 2).mean()


def kl(target_logits: Any, outputs: Any) -> Any:
    """KL(softmax(target_logits) | softmax(outputs)), the mean over rows."""
    return (softmax(target_logits) * (log_softmax(target_logits) - log_softmax(outputs))).sum(-1).mean()


def hard_binning(values: Arrays, _weights: Arrays, outputs: Any, y: Any) -> Any:
    """Cross-entropy with the nearest centre as the class."""
    nearest = abs(y - values["centres"].T).argmin(-1)
    return -(jax().nn.one_hot(nearest, outputs.shape[-1]) * log_softmax(outputs)).sum(-1).mean()


def end2end(values: Arrays, weights: Arrays, outputs: Any, y: Any) -> Any:
    """Autoencoding, classification and regression in one loss, the encoder and the decoder trained too."""
    logits = y @ values["w_lin"] + values["w_bias"]
    psi = softmax(logits)
    entropy = -(psi * log_softmax(logits)).sum(-1).mean()
    auto = squared(psi @ values["mu"], y) + weights["alpha"] * entropy
    error = squared(softmax(outputs) @ values["mu"], y)
    return weights["lambda_auto"] * auto + weights["lambda_kl"] * kl(logits, outputs) + weights["lambda_pred"] * error


LOSSES: Mapping[str, Callable[[Arrays, Arrays, Any, Any], Any]] = {
    "lsq": lambda _values, _weights, outputs, y: squared(outputs, y),
    "lsq_softmax": lambda values, _weights, outputs, y: squared(softmax(outputs) @ values["mu"], y),
    "hard_binning": hard_binning,
    "soft_binning": lambda values, _weights, outputs, y: kl(
        -((y - values["centres"].T) ** 2) / (2 * values["sigma"] ** 2), outputs
    ),
    "pretrained_encoder": lambda values, _weights, outputs, y: kl(y @ values["w_lin"] + values["w_bias"], outputs),
    "end2end": end2end,
}


class PackedTraining:
    """Jobs that differ only in their seed, trained together on rows x (N, D), y (N, 1); `steps` is their total."""

    def __init__(self, model: Model, x: np.ndarray, y: np.ndarray, *, steps: int) -> None:
        job, *others = model.jobs
        if any(replace(other, seed=job.seed) != job for other in others) or job.backbone != "mlp":
            raise ValueError("only MLPs that differ in nothing but their seed are packed")
        (part,) = model.heads
        if model.clip.element_size() == 8:
            jax().config.update("jax_enable_x64", True)
        of_kinds = {"trunk": model.trunk.views, "last": part.linear.views, "own": part.trained_views}
        self.x, self.y = jax().numpy.asarray(x), jax().numpy.asarray(y)
        self.fixed = {name: jax().numpy.asarray(value.numpy()) for name, value in part.head.fixed.items()}
        values = {
            kind: {name: jax().numpy.array(value.numpy()) for name, value in views.items()}
            for kind, views in of_kinds.items()
        }
        zeros = [jax().tree.map(jax().numpy.zeros_like, values) for _ in range(2)]
        self.state = (values, *zeros)
        self.job, self.protocol = job, job.protocol
        self.weights = dict(job.hparams)
        self.widths = model.backbone.dropped(model.options)
        self.threshold = round(DRAWS * job.protocol.dropout)
        self.rates = one_cycle(job.protocol, steps)
        self.number = 0
        self.key = jax().random.key(0)  # threefry: on a CPU faster than `rbg`
        self.run = jax().jit(self._steps, donate_argnums=0)

    def epoch(self, rows: np.ndarray) -> np.ndarray:
        """One step for each of `rows` (steps, J, B), row numbers; returns each job's mean loss (J,)."""
        factors = np.array([self._factors(self.number + step) for step in range(len(rows))], dtype=self.x.dtype)
        numbers = np.arange(self.number, self.number + len(rows))
        self.number += len(rows)
        self.state, losses = self.run(self.state, self.x, self.y, self.fixed, self.key, (rows, factors, numbers))
        return np.asarray(losses).mean(0)

    def _factors(self, step: int) -> tuple[float, float]:
        """Of a step, from 0: the learning rate by the first moment's correction, the factor of the second's root."""
        rate = self.protocol.learning_rate * self.rates[step]
        return rate / (1 - BETA1 ** (step + 1)), 1 / math.sqrt(1 - BETA2 ** (step + 1))

    def _steps(self, state: Any, x: Any, y: Any, fixed: Any, key: Any, inputs: Any) -> tuple[Any, Any]:
        def step(state: Any, inputs: Any) -> tuple[Any, Any]:
            rows, factors, number = inputs
            masks = self._masks(jax().random.fold_in(key, number), rows.shape)
            (_, losses), gradients = jax().value_and_grad(self._total, has_aux=True)(
                state[0], fixed, x[rows], y[rows], masks
            )
            return self._adam(state, gradients, factors), losses

        return jax().lax.scan(step, state, inputs)

    def _masks(self, key: Any, rows: tuple[int, int]) -> list[Any]:
        """Which units to keep, (J, B, H), for each hidden layer; none without dropout."""
        if not self.threshold:
            return []
        masks = []
        for layer, width in enumerate(self.widths):
            draws = jax().random.bits(jax().random.fold_in(key, layer), (*rows, math.ceil(width / 4)), "uint32")
            decisions = jax().lax.bitcast_convert_type(draws, "uint8").reshape(*rows, -1)[..., :width]
            masks.append(decisions >= self.threshold)
        return masks

    def _total(self, values: Any, fixed: Any, x: Any, y: Any, masks: list[Any]) -> tuple[Any, Any]:
        """The sum of the jobs' losses, and the losses (J,)."""
        losses = jax().vmap(self._loss)(values, fixed, x, y, masks)
        return losses.sum(), losses

    def _loss(self, values: Any, fixed: Any, x: Any, y: Any, masks: list[Any]) -> Any:
        """The loss of one job."""
        for layer in range(len(self.widths)):
            x = jax().nn.relu(x @ values["trunk"][f"{layer}.weight"] + values["trunk"][f"{layer}.bias"])
            x = jax().numpy.where(masks[layer], x * (DRAWS / (DRAWS - self.threshold)), 0) if masks else x
        outputs = x @ values["last"]["weight"] + values["last"]["bias"]
        return LOSSES[self.job.method]({**values["own"], **fixed}, self.weights, outputs, y)

    def _adam(self, state: Any, gradients: Any, factors: Any) -> Any:
        """Clip each job's gradient, and update values and moments with coupled l2."""
        squares = sum((gradient.reshape(len(gradient), -1) ** 2).sum(1) for gradient in jax().tree.leaves(gradients))
        scales = jax().numpy.minimum(1, self.protocol.clip / (jax().numpy.sqrt(squares) + CLIP_EPSILON))

        def update(kind: str, name: str) -> tuple[Any, Any, Any]:
            value, first, second, gradient = (tensors[kind][name] for tensors in (*state, gradients))
            rate = self.weights.get("encoder_lr", 1.0) if kind == "own" else 1.0
            decay = self.protocol.encoder_weight_decay if kind == "own" else self.protocol.weight_decay
            gradient = gradient * scales.reshape(-1, *[1] * (gradient.ndim - 1)) + decay * value
            first = BETA1 * first + (1 - BETA1) * gradient
            second = BETA2 * second + (1 - BETA2) * gradient**2
            moved = rate * factors[0] * first / (jax().numpy.sqrt(second) * factors[1] + EPSILON)
            return value - moved, first, second

        updated = {kind: {name: update(kind, name) for name in tensors} for kind, tensors in gradients.items()}
        return tuple(
            {kind: {name: parts[place] for name, parts in tensors.items()} for kind, tensors in updated.items()}
            for place in range(3)
        )


def orders(rows: int, batch_size: int, jobs: int, random: np.random.Generator) -> np.ndarray:
    """Row numbers (steps, J, B), each job in an order of its own; the last partial batch is dropped."""
    steps = rows // batch_size
    shuffled = random.permuted(np.tile(np.arange(rows, dtype=np.int32), (jobs, 1)), axis=1)
    return shuffled[:, : steps * batch_size].reshape(jobs, steps, batch_size).swapaxes(0, 1)
