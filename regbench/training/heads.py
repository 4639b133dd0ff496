"""The heads of a pack: jobs of one method and k form one head, batched over jobs with `torch.func.vmap`.

The step of a head is a pure function of tensors, so it is traced once into a flat list of tensor operations. Running
that list computes the same result, and avoids the overhead of vmap and autograd at every step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.func import vmap
from torch.fx import GraphModule
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from regbench.backbones.shared.linear import narrow, narrow_backward
from regbench.random import Stream
from regbench.training.pixels import drawn, enlarged, mean_over
from regbench.training.simplify import simplify
from regbench.training.tracing import trace
from regbench.types import Batch, LastLayer, Method, Params, Regularizer, Rows, Score, Static

Tensors = dict[str, Tensor]
Flat = Callable[..., list[Any]]
ZEROS = {torch.ops.aten.zeros.default, torch.ops.aten.zeros_like.default, torch.ops.aten.new_zeros.default}


class Added(NamedTuple):
    """A regularizer with its name and its settings."""

    name: str
    regularizer: Regularizer
    static: Static


@dataclass
class Head:
    """The last layer and the method's parameters of the jobs `jobs` of a pack.

    `fixed` and `hparams` are stacked (J, ...). `looped` is the error message if vmap cannot batch the method; then the
    models run one by one, with the same numbers, more slowly. Parameters of a regularizer are named `rot.gamma`.
    `last` is the backbone's own last layer, if it has one. `pixels` is how many pixels of a batch of maps regularizers
    see; it is 0 where rows are no pixels.
    """

    method: Method
    jobs: slice
    fixed: Tensors
    hparams: Tensors
    regularizers: tuple[Added, ...] = ()
    averaged: bool = False  # the method's loss over the target's dimensions
    last: LastLayer | None = None
    pixels: int = 0
    looped: str | None = None
    _traced: Flat | None = field(default=None, repr=False)

    @property
    def transforms(self) -> bool:
        """Whether the last layer gets other features in training than those of the backbone."""
        return any(added.regularizer.transform for added in self.regularizers)

    @property
    def follows_epochs(self) -> bool:
        """Whether a regularizer looks at the features of all training rows after each epoch."""
        return any(added.regularizer.after_epoch for added in self.regularizers)

    @property
    def stays_on_device(self) -> bool:
        """Whether no part of its step runs on the host, so that a CUDA graph can hold it."""
        return not self.looped and not any(added.regularizer.on_host for added in self.regularizers)

    def step(
        self, z_JBH: Tensor, linear: Tensors, trained: Tensors, batch: Tensors
    ) -> tuple[Tensor, list[Tensor], list[Tensor], Tensor]:
        """Gradients of z, of the last layer and of the trained parameters, in order, and each job's loss (J,).

        `batch` has y (J, B, M), rows (J, B), key (J,) and progress (). Of maps, z is (J, B, h, w, H), y is
        (J, B, h, w, M), and there is a mask (J, B, h, w) of the pixels that have targets.
        """
        if self.transforms or self.last:
            return self._step_through_transform(z_JBH, linear, trained, batch)
        outputs = narrow(z_JBH, linear["weight"], linear["bias"])
        doutputs, dz_direct, dtrained, losses = self.loss(outputs, z_JBH, trained, batch)
        dz, dweight, dbias = narrow_backward(z_JBH, linear["weight"], doutputs)
        if dz_direct is not None:
            dz = dz + dz_direct
        return dz, [dweight, dbias], dtrained, losses

    def loss(
        self, outputs_JBK: Tensor, z_JBH: Tensor, trained: Tensors, batch: Tensors
    ) -> tuple[Tensor, Tensor | None, list[Tensor], Tensor]:
        """Gradients of the outputs, of z (None if the loss does not use it directly) and of the trained; the losses."""
        named = (trained, self.fixed, self.hparams, batch)
        if self._traced is None:
            self._traced = self._trace(self._loss_one, (outputs_JBK, z_JBH, *named), zeros=1)
        flat = (tensor for group in named for tensor in group.values())
        doutputs, dz_direct, *dtrained, losses = self._traced(outputs_JBK, z_JBH, *flat)
        return doutputs, dz_direct, dtrained, losses

    def evaluate(
        self, z_JNH: Tensor, linear: Tensors, trained: Tensors, y_NM: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Predictions (J, N, M), and the method's scores by name, summed over rows in float64: (J,).

        Of maps, z is (J, B, h, w, H), and rows are the pixels of a mask (B, height, width), to which outputs are
        enlarged. Jobs are scored one by one: a sum over a batch of jobs would be rounded differently than that of a
        single job.
        """
        apply = _loop(self.last.apply) if self.last else narrow
        outputs = apply(z_JNH, linear["weight"], linear["bias"])
        if mask is not None:
            outputs = enlarged(outputs, mask)
        predictions = self._over_jobs(self._predict_one)(trained, self.fixed, outputs)
        scores = {
            name: _loop(partial(self._score_one, score, y_NM))(trained, self.fixed, outputs)
            for name, score in self.method.scores.items()
        }
        return predictions, scores

    def after_epoch(self, job: int, z_NH: Tensor, y_NM: Tensor, trained: Tensors, epoch: int) -> None:
        """Let the regularizers of one job change what they keep fixed, by the features of all training rows."""
        own = Params(*({name: each[job] for name, each in group.items()} for group in (trained, self.fixed)))
        hparams = {name: each[job] for name, each in self.hparams.items()}
        for name, regularizer, static in self.regularizers:
            if regularizer.after_epoch:
                found = regularizer.after_epoch(_of(own, name), z_NH, y_NM, epoch, _under(hparams, name), static)
                for key, value in found.items():
                    self.fixed[f"{name}.{key}"][job].copy_(value)  # in place: a CUDA graph reads it there

    def _step_through_transform(
        self, z_JBH: Tensor, linear: Tensors, trained: Tensors, batch: Tensors
    ) -> tuple[Tensor, list[Tensor], list[Tensor], Tensor]:
        """As `step`, where the last layer gets transformed features: all of it is traced, the last layer too.

        So is a backbone's own last layer.
        """
        arguments = (z_JBH, linear["weight"], linear["bias"], trained, self.fixed, self.hparams, batch)
        if self._traced is None:
            self._traced = self._trace(self._loss_of_transformed, arguments)
        dz, dweight, dbias, *dtrained, losses = self._traced(*tree_leaves(arguments))
        return dz, [dweight, dbias], dtrained, losses

    def _trace(self, loss_of_one: Callable[..., Tensor], arguments: tuple[Any, ...], zeros: int | None = None) -> Flat:
        """The gradients of a loss as a flat function; loops over the models if vmap or the tracer fail on the method.

        The result at place `zeros` becomes None if it is always 0.
        """
        leaves, structure = tree_flatten(arguments)
        alone = len(leaves[0]) == 1
        shown = [_twice(leaf) for leaf in leaves] if alone else leaves

        def flat(*leaves: Tensor) -> list[Tensor]:
            return tree_leaves(self._differentiated(loss_of_one, *tree_unflatten(leaves, structure)))

        try:
            graph = trace(flat, shown)
        except RuntimeError as refusal:
            self.looped = str(refusal).partition("\n")[0]
            return flat
        if zeros is not None:
            _drop_zeros(graph, zeros)
        graph.graph.eliminate_dead_code()  # such as a prediction that the loss does not use
        graph.recompile()
        simplify(graph, shown)
        return _as_one_of_two(graph.forward) if alone else graph.forward

    def _differentiated(self, loss_of_one: Callable[..., Tensor], *arguments: Any) -> tuple[Any, Tensor]:
        """Gradients of the losses with respect to all arguments but the last three, which are fixed parameters,
        hyper-parameters and the batch; and the losses (J,).
        """
        *inputs, fixed, hparams, batch = arguments
        leaves, structure = tree_flatten(inputs)
        own = {name: tensor for name, tensor in batch.items() if name != "progress"}
        progress = batch["progress"].expand(len(leaves[0]))
        with torch.enable_grad():
            leaves = [leaf.detach().requires_grad_() for leaf in leaves]
            inputs = tree_unflatten(leaves, structure)
            losses = self._over_jobs(loss_of_one)(*inputs, fixed, hparams, own, progress)
            gradients = _gradients(losses.sum(), leaves)
        return gradients, losses.detach()

    def _loss_one(
        self,
        outputs: Tensor,
        z: Tensor,
        trained: Tensors,
        fixed: Tensors,
        hparams: Tensors,
        batch: Tensors,
        progress: Tensor,
    ) -> Tensor:
        params = Params(trained, fixed)
        prediction = self.method.predict(params, outputs)
        stream = Stream(batch["key"])
        seen = Batch(batch["y"], outputs, prediction, z, batch["rows"], stream, progress)
        losses = self.method.loss(params, seen, hparams)
        for name, regularizer, static in self.regularizers:
            if regularizer.weigh:
                rows = _rows(batch, name, progress)
                losses = losses * regularizer.weigh(_of(params, name), rows, _under(hparams, name), static)
        total = mean_over(losses, batch["mask"]) if self.pixels else losses.mean()
        if self.averaged:
            total = total / seen.y.shape[-1]
        if self.pixels and self.regularizers:
            seen = drawn(seen, batch["mask"], self.pixels)
        for name, regularizer, static in self.regularizers:
            if regularizer.loss:
                theirs = seen._replace(stream=stream.child(name))
                total = total + regularizer.loss(_of(params, name), theirs, _under(hparams, name), static)
        return total

    def _loss_of_transformed(
        self,
        z: Tensor,
        weight: Tensor,
        bias: Tensor,
        trained: Tensors,
        fixed: Tensors,
        hparams: Tensors,
        batch: Tensors,
        progress: Tensor,
    ) -> Tensor:
        """The loss of features (B, H); of maps (B, h, w, H), whose pixels are rows for all but the last layer."""
        places = z.shape[:-1]
        if self.pixels:
            z, batch = z.flatten(0, -2), _pixels(batch, places)
        given = self._transformed(z, Params(trained, fixed), hparams, batch, progress)
        outputs = self._last_layer(given.unflatten(0, places), weight, bias).flatten(0, -2)
        return self._loss_one(outputs, z, trained, fixed, hparams, batch, progress)

    def _last_layer(self, z: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return self.last.apply(z, weight, bias) if self.last else z @ weight + bias

    def _transformed(self, z: Tensor, params: Params, hparams: Tensors, batch: Tensors, progress: Tensor) -> Tensor:
        """What the last layer gets of features (B, H)."""
        for name, regularizer, static in self.regularizers:
            if regularizer.transform:
                rows = _rows(batch, name, progress)
                z = regularizer.transform(_of(params, name), z, rows, _under(hparams, name), static)
        return z

    def _predict_one(self, trained: Tensors, fixed: Tensors, outputs: Tensor) -> Tensor:
        return self.method.predict(Params(trained, fixed), outputs)

    def _score_one(self, score: Score, y: Tensor, trained: Tensors, fixed: Tensors, outputs: Tensor) -> Tensor:
        return score(Params(trained, fixed), outputs, y).double().sum()

    def _over_jobs(self, function: Any) -> Any:
        return _loop(function) if self.looped else vmap(function)


def _rows(batch: Tensors, name: str, progress: Tensor) -> Rows:
    """What a regularizer may know of the rows of a batch before the loss, with its own stream."""
    return Rows(batch["y"], batch["rows"], Stream(batch["key"]).child(name), progress)


def _pixels(batch: Tensors, places: torch.Size) -> Tensors:
    """A batch of maps (B, h, w) with its pixels as rows."""
    rows = batch["rows"][:, None, None].expand(places).flatten()
    return {**batch, "y": batch["y"].flatten(0, -2), "mask": batch["mask"].flatten(), "rows": rows}


def _of(params: Params, name: str) -> Params:
    """The parameters of a regularizer."""
    return Params(_under(params.trained, name), _under(params.fixed, name))


def _under(named: Mapping[str, Tensor], name: str) -> Tensors:
    return {key.removeprefix(f"{name}."): tensor for key, tensor in named.items() if key.startswith(f"{name}.")}


def _gradients(total: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The gradients of a scalar; zeros for an input that it does not depend on.

    `torch.func.grad` performs the same operations, but imports torch._dynamo, which takes seconds.
    """
    if not total.requires_grad:
        return [torch.zeros_like(tensor) for tensor in inputs]
    found = torch.autograd.grad(total, inputs, create_graph=True, allow_unused=True)
    return [
        torch.zeros_like(tensor) if gradient is None else gradient.detach()
        for gradient, tensor in zip(found, inputs, strict=True)
    ]


def _drop_zeros(graph: GraphModule, place: int) -> None:
    """Replace an output that is a tensor of zeros, the gradient of an input the loss does not use, by None."""
    (end,) = graph.graph.find_nodes(op="output")
    given = list(cast("Sequence[Any]", end.args[0]))
    if given[place].target in ZEROS:
        given[place] = None
        end.args = (given,)


def _as_one_of_two(function: Flat) -> Flat:
    """For a job alone, what `function` computes for two: products and sums of one matrix are rounded differently."""

    def of_one(*leaves: Tensor) -> list[Any]:
        return [each if each is None else each[:1] for each in function(*map(_twice, leaves))]

    return of_one


def _twice(leaf: Tensor) -> Tensor:
    """The tensor of a job (1, ...) as that of two alike, laid out as it is; a scalar is that of all jobs and stays one.

    Sums along another stride are rounded differently, too.
    """
    if not leaf.dim():
        return leaf
    shape, strides = leaf.shape[1:], leaf.stride()[1:]
    span = 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    return leaf.new_empty_strided((2, *shape), (span, *strides)).copy_(leaf)


def _loop(function: Any) -> Any:
    """Like `vmap(function)`, but one model after the other."""

    def looped(*arguments: Any) -> Tensor:
        jobs = range(tree_leaves(arguments)[0].shape[0])
        return torch.stack([function(*tree_map(lambda leaf, job=job: leaf[job], arguments)) for job in jobs])

    return looped
