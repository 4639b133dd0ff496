"""The heads of a pack: jobs of one method and k share one, made many with `torch.func.vmap`.

What a step does with a head is a pure function of tensors, so it is traced once into a flat list of tensor
operations. Replaying that costs
a fraction of what vmap's and autograd's bookkeeping would cost again at every step, and computes the same thing.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_leaves, tree_map

from regbench.random import Stream
from regbench.types import Batch, Method, Params

Tensors = dict[str, Tensor]


@dataclass
class Head:
    """The last layer and the method's parameters of the jobs `jobs` of a pack.

    `fixed` and `hparams` are stacked (J, ...). `looped` says why vmap refused the method, if it did: then it is
    run model by model, with the same numbers, more slowly.
    """

    method: Method
    jobs: slice
    fixed: Tensors
    hparams: Tensors
    looped: str | None = None
    _traced: Any = field(default=None, repr=False)

    def step(self, z_JBH: Tensor, linear: Tensors, trained: Tensors, batch: Tensors) -> tuple[Any, Tensor]:
        """Gradients (of z, of the last layer, of the trained parameters) and the loss of each job (J,).

        `batch` has y (J, B, M), rows (J, B), key (J,) and progress ().
        """
        arguments = (z_JBH, linear, trained, self.fixed, self.hparams, batch)
        if self._traced is None:
            self._traced = self._trace(arguments)
        return self._traced(*arguments)

    def predict(self, z_JNH: Tensor, linear: Tensors, trained: Tensors) -> Tensor:
        """Predictions (J, N, M)."""
        outputs = torch.baddbmm(linear["bias"], z_JNH, linear["weight"])
        return self._over_jobs(self._predict_one)(trained, self.fixed, outputs)

    def _trace(self, arguments: tuple[Any, ...]) -> Any:
        """The step as a graph; through a loop over models where vmap or the tracer refuse the method."""
        try:
            return _compiled(self._step, arguments)
        except RuntimeError as refusal:
            self.looped = str(refusal).partition("\n")[0]
            return self._step

    def _step(
        self, z: Tensor, linear: Tensors, trained: Tensors, fixed: Tensors, hparams: Tensors, batch: Tensors
    ) -> tuple[Any, Tensor]:
        def total(z: Tensor, linear: Tensors, trained: Tensors) -> tuple[Tensor, Tensor]:
            outputs = torch.baddbmm(linear["bias"], z, linear["weight"])
            per_job = {name: tensor for name, tensor in batch.items() if name != "progress"}
            progress = batch["progress"].expand(outputs.shape[0])
            losses = self._over_jobs(self._loss_one)(z, outputs, trained, fixed, hparams, per_job, progress)
            return losses.sum(), losses

        (gradients, (_, losses)) = grad_and_value(total, argnums=(0, 1, 2), has_aux=True)(z, linear, trained)
        return gradients, losses

    def _loss_one(
        self,
        z: Tensor,
        outputs: Tensor,
        trained: Tensors,
        fixed: Tensors,
        hparams: Tensors,
        batch: Tensors,
        progress: Tensor,
    ) -> Tensor:
        params = Params(trained, fixed)
        prediction = self.method.predict(params, outputs)
        stream = Stream(batch["key"])
        values = self.method.loss(
            params, Batch(batch["y"], outputs, prediction, z, batch["rows"], stream, progress), hparams
        )
        return values.mean()

    def _predict_one(self, trained: Tensors, fixed: Tensors, outputs: Tensor) -> Tensor:
        return self.method.predict(Params(trained, fixed), outputs)

    def _over_jobs(self, function: Any) -> Any:
        return _loop(function) if self.looped else vmap(function)


def _compiled(function: Any, arguments: tuple[Any, ...]) -> Any:
    """The function as a flat list of tensor operations without those whose result nobody needs."""
    graph = make_fx(lambda *given: function(*given))(*arguments)  # noqa: PLW0108 - it cannot trace bound methods
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def _loop(function: Any) -> Any:
    """What vmap does, one model after the other."""

    def looped(*arguments: Any) -> Tensor:
        count = next(tensor.shape[0] for tensor in tree_leaves(arguments))
        each = [tree_map(lambda leaf, job=job: leaf[job], arguments) for job in range(count)]
        return torch.stack([function(*one) for one in each])

    return looped
