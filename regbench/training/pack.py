"""A pack as one batched model: every job's parameters, stacked, on one device.

Jobs are sorted by head, so that the jobs of a head are a slice; `Model.jobs` gives the job of each row.
"""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from regbench import catalog
from regbench.backbones.shared.linear import init_linear
from regbench.data import Prepared
from regbench.job import Job, Pack, Pairs
from regbench.random import Stream
from regbench.tasks.task import Block
from regbench.training import trunk
from regbench.training.composition import composed
from regbench.training.heads import Head
from regbench.training.members import last_layers
from regbench.training.optim import Segment
from regbench.types import Backbone, Method, Params, Static


@dataclass(frozen=True)
class HeadPart:
    """One head of a pack: its functions, its last layer, and what its method and its regularizers train (None if none).

    A regularizer's parameters have its name before theirs: `information_dropout.weight`.
    """

    head: Head
    linear: Segment
    trained: Segment | None
    added: Segment | None = None

    @property
    def own(self) -> list[Segment]:
        """The trained parameters besides the last layer."""
        return [segment for segment in (self.trained, self.added) if segment]

    @property
    def trained_views(self) -> dict[str, Tensor]:
        """The trained parameters of method and regularizers by name, (jobs, ...) each."""
        return {name: view for segment in self.own for name, view in segment.views.items()}

    def put_trained(self, gradients: Iterable[Tensor]) -> None:
        """Copy the gradients of these parameters, in the same order, to where the optimiser reads them."""
        views = (view for segment in self.own for view in segment.gradient_views.values())
        for view, gradient in zip(views, gradients, strict=True):
            view.copy_(gradient)


class Evaluation(NamedTuple):
    """Predictions (J, N, M), and for each job the scores of its method by name, averaged over rows."""

    predictions: Tensor
    scores: list[dict[str, float]]


@dataclass(frozen=True)
class Model:
    """All jobs of a pack as one model: a batched backbone and the heads behind it."""

    jobs: tuple[Job, ...]
    backbone: Backbone
    options: Static
    trunk: Segment
    buffers: dict[str, Tensor]  # of the backbone, (J, ...) each: changed in training, but not by the optimiser
    heads: tuple[HeadPart, ...]
    clip: Tensor  # (J,)
    device: torch.device
    stage1_seconds: tuple[float, ...]  # each job's method took to make its initial parameters

    @property
    def segments(self) -> list[Segment]:
        """All parameters that the optimiser updates."""
        return [
            self.trunk,
            *(part.linear for part in self.heads),
            *(segment for part in self.heads for segment in part.own),
        ]

    @property
    def clips(self) -> bool:
        """Whether the gradient of any job has a largest norm."""
        return any(job.protocol.clip for job in self.jobs)

    def features(self, x_JBD: Tensor) -> Tensor:
        """The features (J, B, H) of inputs in evaluation."""
        return trunk.evaluate(self.backbone, self.trunk.views, self.buffers, x_JBD, self.options)

    def evaluate(self, blocks: Iterable[Block]) -> Evaluation:
        """Predictions for all rows of some blocks, without dropout, and the scores against their targets."""
        predicted, scored, rows = [], [], 0
        for block in blocks:
            of_block, scores_of_block = self._evaluate(block)
            predicted.append(of_block)
            scored.append(scores_of_block)
            rows += len(block.y)
        scores: list[dict[str, float]] = []
        for part, *sums in zip(self.heads, *scored, strict=True):
            means = {
                name: (torch.stack([of_block[name] for of_block in sums]).sum(0) / rows).tolist() for name in sums[0]
            }
            jobs = range(part.head.jobs.stop - part.head.jobs.start)
            scores += [{name: mean[row] for name, mean in means.items()} for row in jobs]
        return Evaluation(torch.cat(predicted, dim=1), scores)

    def _evaluate(self, block: Block) -> tuple[Tensor, list[dict[str, Tensor]]]:
        """Predictions (J, rows, M), and for each head the sums of its scores (jobs,)."""
        x, y, mask = block
        shared = x.expand(len(self.jobs), *x.shape)
        z = self.features(shared)
        found = [
            part.head.evaluate(z[part.head.jobs], part.linear.views, part.trained_views, y, mask) for part in self.heads
        ]
        return torch.cat([predicted for predicted, _ in found]), [scored for _, scored in found]


def build(jobs: Sequence[Job], data: Prepared, device: torch.device, dtype: torch.dtype = torch.float32) -> Model:
    """The initial model of a pack; drawn in float64 on the CPU, so it is the same on every device."""
    ordered = tuple(sorted(jobs, key=Pack.head))
    backbone: Backbone = catalog.load("backbones", ordered[0].backbone)
    options = dict(ordered[0].options)
    shape = data.x_train.shape[1:]
    decay = _column([job.protocol.weight_decay for job in ordered], device, dtype)
    rate = _column([job.protocol.learning_rate for job in ordered], device, dtype)
    weights = Segment.of(
        [_started(backbone.init(shape, options, stream), job, stream) for job, stream in _streams(ordered, "backbone")],
        jobs=slice(0, len(ordered)),
        learning_rate=rate,
        weight_decay=decay,
    )
    own = _buffers(backbone, data, options)
    buffers = {name: torch.stack([tensor] * len(ordered)).to(device, dtype) for name, tensor in own.items()}
    y_train = torch.from_numpy(data.y_train).double()
    width = backbone.features(options)
    heads = []
    seconds: list[float] = []
    for _, members in groupby(ordered, key=Pack.head):
        group = list(members)
        params, took = zip(*(_timed(job, y_train, width) for job in group), strict=True)
        heads.append(_build_head(group, params, len(seconds), y_train.shape[1], backbone, width, rate, decay))
        seconds += took
    return Model(
        jobs=ordered,
        backbone=backbone,
        options=options,
        trunk=weights,
        buffers=buffers,
        heads=tuple(heads),
        clip=_column([job.protocol.clip or math.inf for job in ordered], device, dtype).squeeze(1),
        device=device,
        stage1_seconds=tuple(seconds),
    )


def _buffers(backbone: Backbone, data: Prepared, options: Static) -> dict[str, Tensor]:
    """The buffers of one model of a backbone, float64: those of a shape, and those that training rows give."""
    own = backbone.buffers(data.x_train.shape[1:], options) if backbone.buffers else {}
    return own | (backbone.fitted(torch.from_numpy(data.x_train).double(), options) if backbone.fitted else {})


def _streams(jobs: Sequence[Job], purpose: str) -> list[tuple[Job, Stream]]:
    """Each job with the stream that its initial weights are drawn from."""
    return [(job, Stream.named(job.seed, "init", purpose)) for job in jobs]


def _started(weights: Mapping[str, Tensor], job: Job, stream: Stream) -> Mapping[str, Tensor]:
    """The initial weights: as they are, or normal with the protocol's standard deviation and biases at 0."""
    std = job.protocol.init_std
    if not std:
        return weights
    return {
        name: torch.zeros_like(tensor) if name.endswith("bias") else std * stream.child(name).normal(*tensor.shape)
        for name, tensor in weights.items()
    }


def _timed(job: Job, y_train: Tensor, features: int) -> tuple[Params, float]:
    """The initial parameters of a job's method and regularizers, and the seconds it took to make them."""
    began = time.perf_counter()
    method, regularizers = composed(job)
    params = initial_params(job, method, y_train)
    of_parts = {part.name: part.hparams for part in job.parts}
    for name, regularizer, static in regularizers:
        stream = Stream.named(job.seed, "init", name)
        own = regularizer.init(y_train, features, _scalars(of_parts[name]), static, stream)
        params = Params({**params.trained, **_named(name, own.trained)}, {**params.fixed, **_named(name, own.fixed)})
    return params, time.perf_counter() - began


def _named(part: str, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of a regularizer under its name, as `rot.plan`."""
    return {f"{part}.{name}": tensor for name, tensor in parameters.items()}


def _build_head(
    group: Sequence[Job],
    params: Sequence[Params],
    start: int,
    targets: int,
    backbone: Backbone,
    features: int,
    rate: Tensor,
    decay: Tensor,
) -> HeadPart:
    """The head of the jobs of `group`, with the initial parameters of each."""
    method, regularizers = composed(group[0])
    jobs = slice(start, start + len(group))
    width = method.outputs(group[0].k or 0, targets)
    last = last_layers(backbone.members(dict(group[0].options))) if backbone.members else backbone.head
    init = last.init if last else init_linear
    linear = Segment.of(
        [_started(init(features, width, stream), job, stream) for job, stream in _streams(group, "head")],
        jobs=jobs,
        learning_rate=rate[jobs],
        weight_decay=decay[jobs],
    )
    settings = [_hparams(job) for job in group]
    hparams = {name: torch.tensor([of_job[name] for of_job in settings]).to(decay) for name in settings[0]}
    trained, added = None, None
    names = [name for name in params[0].trained if "." not in name]
    if names:
        factor = hparams["encoder_lr"][:, None] if "encoder_lr" in hparams else 1.0
        own_decay = torch.tensor([[job.protocol.encoder_weight_decay] for job in group]).to(decay)
        models = [{name: of_job.trained[name] for name in names} for of_job in params]
        trained = Segment.of(models, jobs=jobs, learning_rate=factor * rate[jobs], weight_decay=own_decay)
    if others := [name for name in params[0].trained if "." in name]:
        models = [{name: of_job.trained[name] for name in others} for of_job in params]
        added = Segment.of(models, jobs=jobs, learning_rate=rate[jobs], weight_decay=decay[jobs])
    fixed = {name: torch.stack([of_job.fixed[name] for of_job in params]).to(decay) for name in params[0].fixed}
    averaged = group[0].protocol.over_targets == "mean"
    pixels = group[0].protocol.pixels if backbone.dense else 0
    head = Head(method, jobs, fixed, hparams, regularizers, averaged, last=last, pixels=pixels)
    return HeadPart(head, linear, trained, added)


def initial_params(job: Job, method: Method, y_train: Tensor) -> Params:
    """The method's initial parameters, float64; runs stage 1 if it has one."""
    stream = Stream.named(job.seed, "init", "method")
    return method.init(y_train, job.k or 0, _scalars(job.hparams), dict(job.static), stream)


def _scalars(hparams: Pairs) -> dict[str, Tensor]:
    """Hyper-parameters as `init` receives them."""
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in hparams}


def _hparams(job: Job) -> dict[str, float]:
    """The hyper-parameters of a method, and those of its parts as `rot.gamma`."""
    of_parts = {f"{part.name}.{name}": value for part in job.parts for name, value in part.hparams}
    return {**dict(job.hparams), **of_parts}


def _column(values: Sequence[float], device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None].to(device, dtype)
