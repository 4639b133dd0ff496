"""A pack as one batched model: every job's parameters, stacked, on one device.

Jobs are sorted by head, so that the jobs of a head are a slice; `Model.jobs` gives the job of each row.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from regbench import catalog
from regbench.backbones.shared.linear import init_linear
from regbench.data import Prepared
from regbench.job import Job, Pack
from regbench.random import Stream
from regbench.training.heads import Head
from regbench.training.optim import Segment
from regbench.types import Backbone, Method, Params, Static


@dataclass(frozen=True)
class HeadPart:
    """One head of a pack: its functions, its last layer, and its method's trained parameters (None if none)."""

    head: Head
    linear: Segment
    trained: Segment | None

    @property
    def trained_views(self) -> dict[str, Tensor]:
        """The method's trained parameters by name, (jobs, ...) each."""
        return self.trained.views if self.trained else {}


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
            *(part.trained for part in self.heads if part.trained),
        ]

    def evaluate(self, x: Tensor, y: Tensor, rows: int) -> Evaluation:
        """Predictions for x (N, D...) without dropout, in blocks of `rows` rows, and scores against y (N, M)."""
        blocks = [self._evaluate(*block) for block in zip(x.split(rows), y.split(rows), strict=True)]
        predictions = torch.cat([predicted for predicted, _ in blocks], dim=1)
        scores: list[dict[str, float]] = []
        for part, *sums in zip(self.heads, *(scored for _, scored in blocks), strict=True):
            means = {
                name: (torch.stack([of_block[name] for of_block in sums]).sum(0) / len(y)).tolist() for name in sums[0]
            }
            jobs = range(part.head.jobs.stop - part.head.jobs.start)
            scores += [{name: mean[row] for name, mean in means.items()} for row in jobs]
        return Evaluation(predictions, scores)

    def _evaluate(self, x: Tensor, y: Tensor) -> tuple[Tensor, list[dict[str, Tensor]]]:
        """Predictions (J, rows, M), and for each head the sums of its scores (jobs,)."""
        shared = x.expand(len(self.jobs), *x.shape)
        z, _ = self.backbone.forward(self.trunk.views, shared, None, self.options)
        found = [part.head.evaluate(z[part.head.jobs], part.linear.views, part.trained_views, y) for part in self.heads]
        return torch.cat([predicted for predicted, _ in found]), [scored for _, scored in found]


def build(jobs: Sequence[Job], data: Prepared, device: torch.device, dtype: torch.dtype = torch.float32) -> Model:
    """The initial model of a pack; drawn in float64 on the CPU, so it is the same on every device."""
    ordered = tuple(sorted(jobs, key=Pack.head))
    backbone: Backbone = catalog.load("backbones", ordered[0].backbone)
    options = dict(ordered[0].options)
    shape = data.x_train.shape[1:]
    decay = _column([job.protocol.weight_decay for job in ordered], device, dtype)
    rate = _column([job.protocol.learning_rate for job in ordered], device, dtype)
    trunk = Segment.of(
        [backbone.init(shape, options, Stream.named(job.seed, "init", "backbone")) for job in ordered],
        jobs=slice(0, len(ordered)),
        learning_rate=rate,
        weight_decay=decay,
    )
    y_train = torch.from_numpy(data.y_train).double()
    width = backbone.features(options)
    heads = []
    seconds: list[float] = []
    for _, members in groupby(ordered, key=Pack.head):
        group = list(members)
        params, took = zip(*(_timed(job, y_train) for job in group), strict=True)
        heads.append(_build_head(group, params, len(seconds), y_train.shape[1], width, rate, decay))
        seconds += took
    return Model(
        jobs=ordered,
        backbone=backbone,
        options=options,
        trunk=trunk,
        heads=tuple(heads),
        clip=_column([job.protocol.clip for job in ordered], device, dtype).squeeze(1),
        device=device,
        stage1_seconds=tuple(seconds),
    )


def _timed(job: Job, y_train: Tensor) -> tuple[Params, float]:
    """The initial parameters of a job's method, and the seconds it took to make them."""
    began = time.perf_counter()
    params = initial_params(job, catalog.load("methods", job.method), y_train)
    return params, time.perf_counter() - began


def _build_head(
    group: Sequence[Job],
    params: Sequence[Params],
    start: int,
    targets: int,
    features: int,
    rate: Tensor,
    decay: Tensor,
) -> HeadPart:
    """The head of the jobs of `group`, with the initial parameters of each."""
    method: Method = catalog.load("methods", group[0].method)
    jobs = slice(start, start + len(group))
    width = method.outputs(group[0].k or 0, targets)
    linear = Segment.of(
        [init_linear(features, width, Stream.named(job.seed, "init", "head")) for job in group],
        jobs=jobs,
        learning_rate=rate[jobs],
        weight_decay=decay[jobs],
    )
    hparams = {name: torch.tensor([dict(job.hparams)[name] for job in group]).to(decay) for name in method.hparams}
    trained = None
    if params[0].trained:
        factor = hparams["encoder_lr"][:, None] if "encoder_lr" in hparams else 1.0
        own_decay = torch.tensor([[job.protocol.encoder_weight_decay] for job in group]).to(decay)
        models = [of_job.trained for of_job in params]
        trained = Segment.of(models, jobs=jobs, learning_rate=factor * rate[jobs], weight_decay=own_decay)
    fixed = {name: torch.stack([of_job.fixed[name] for of_job in params]).to(decay) for name in params[0].fixed}
    return HeadPart(Head(method, jobs, fixed, hparams), linear, trained)


def initial_params(job: Job, method: Method, y_train: Tensor) -> Params:
    """The method's initial parameters, float64; runs stage 1 if it has one."""
    hparams = {name: torch.tensor(value, dtype=torch.float64) for name, value in job.hparams}
    return method.init(y_train, job.k or 0, hparams, dict(job.static), Stream.named(job.seed, "init", "method"))


def _column(values: Sequence[float], device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None].to(device, dtype)
