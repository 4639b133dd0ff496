"""Training on other targets than those that errors are reported of: on another scale, with noise, or both.

Predictions are mapped back before any metric. What looks inside of the network stays on the scale that it learns: the
training loss, the diagnostics of encoders, and what is kept of features with their targets and predictions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from regbench import metrics
from regbench.data import Prepared
from regbench.data.table import Float32
from regbench.errors import UsageError
from regbench.job import Job
from regbench.tasks.resident import Resident
from regbench.tasks.task import Block
from regbench.training.checkpoint import State
from regbench.training.label_noise import noisy
from regbench.training.loop import Training
from regbench.training.pack import Evaluation, Model
from regbench.training.targets import TargetMap, fit


@dataclass(frozen=True)
class Mapped(Model):
    """A model whose predictions and scores are reported on another scale than it learns."""

    scale: TargetMap | None = None

    def evaluate(self, blocks: Iterable[Block]) -> Evaluation:
        """As for every model, mapped back."""
        found = super().evaluate(blocks)
        if self.scale is None:
            return found
        predictions = self.scale.back(found.predictions.double()).to(found.predictions.dtype)
        return Evaluation(predictions, [self.scale.scores(of_job) for of_job in found.scores])


@dataclass(frozen=True)
class Reported(Resident):
    """A dataset with targets to learn, and others, by part, that errors are reported of."""

    reported: dict[str, Tensor] = field(default_factory=dict)

    def targets(self, part: str) -> Tensor:
        """Those reported, where there are any: of the training rows, those that are learnt."""
        return self.reported.get(part, self.y[part])


class Retargeted(Training):
    """As `Training`, with `targets` and `label_noise` of the protocol; with noise, all jobs have the same seed."""

    def __init__(
        self,
        jobs: Sequence[Job],
        data: Prepared,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        states: Sequence[State] | None = None,
    ) -> None:
        protocol = jobs[0].protocol
        if data.task != "resident":
            raise UsageError("images on disk have targets that are scaled or raw, and no label noise")
        if protocol.label_noise and len({job.seed for job in jobs}) > 1:
            raise ValueError("label noise is that of one seed, so jobs of different seeds cannot be one pack")
        scale = fit(protocol.targets, data)

        def learnt(y: Float32) -> Float32:
            return y if scale is None else scale.to(torch.from_numpy(y).double()).float().numpy()

        given = replace(
            data,
            y_train=noisy(learnt(data.y_train), protocol.label_noise, jobs[0].seed),
            y_val=learnt(data.y_val),
            y_test=learnt(data.y_test),
        )
        super().__init__(jobs, given, device, dtype, states)
        self.metrics = metrics.of_predictions(positive=data.is_positive)
        self.model = Mapped(**vars(self.model), scale=scale)
        assert isinstance(self.data, Resident)
        whole = Resident.of(data, self.device, dtype)
        self.data = Reported(**vars(self.data), reported={part: whole.y[part] for part in ("val", "test")})
