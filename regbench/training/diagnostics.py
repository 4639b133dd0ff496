"""What an epoch did to the parameters of the methods themselves: the values, and what encoder and decoder do with them.

Looked at one job at a time, so that no number depends on the company a job is trained in.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regbench.training.pack import HeadPart, Model
from regbench.types import Method, Params


@dataclass(frozen=True)
class Look:
    """One job's own parameters after an epoch, float64, and its diagnostics by name."""

    parameters: dict[str, np.ndarray]
    diagnostics: dict[str, float]


class Diagnostics:
    """Looks at the jobs of a model, in its own order; what nothing trains is looked at once."""

    def __init__(self, model: Model, y_NM: Tensor) -> None:
        self.model = model
        self.y = y_NM
        self._still: dict[int, list[Look]] = {}  # by the place of a head whose method trains nothing

    def look(self) -> list[Look]:
        """The jobs as they are now."""
        found = []
        for place, part in enumerate(self.model.heads):
            looks = self._still.get(place) or _look(part, self.y)
            if part.trained is None:
                self._still[place] = looks
            found += looks
        return found


def _look(part: HeadPart, y_NM: Tensor) -> list[Look]:
    stacked = {**part.head.fixed, **part.trained_views}
    jobs = range(part.head.jobs.stop - part.head.jobs.start)
    arrays = {name: tensor.detach().double().cpu().numpy() for name, tensor in stacked.items()}
    names: list[str] = []
    numbers = []
    for row in jobs:
        of_job = diagnose(part.head.method, Params(fixed={name: each[row] for name, each in stacked.items()}), y_NM)
        names = list(of_job)
        numbers += of_job.values()
    values = torch.stack(numbers).view(len(jobs), -1).tolist() if numbers else [[] for _ in jobs]
    return [
        Look(
            {name: array[row].copy() for name, array in arrays.items()},
            dict(zip(names, values[row], strict=True)),
        )
        for row in jobs
    ]


def diagnose(method: Method, params: Params, y_NM: Tensor) -> dict[str, Tensor]:
    """How one model's encoder and decoder serve the targets y (N, M); float64 scalars, empty where it has neither.

    encoder/entropy: mean H(ψ(y)) in nats; 0 for one-hot codes, log K for even ones.
    encoder/rmse: of y against μᵀψ(y), the error that encoding and decoding alone make.
    decoder/spread: root mean squared distance of the rows of μ from their mean; 0 where μ has collapsed.
    """
    found = {}
    if method.decoder:
        mu_KM = method.decoder(params)
        found["decoder/spread"] = (mu_KM - mu_KM.mean(0)).double().square().sum(-1).mean().sqrt()
    if method.encode:
        log_psi_NK = method.encode(params, y_NM)
        psi_NK = log_psi_NK.exp()
        found["encoder/entropy"] = -(psi_NK * log_psi_NK).sum(-1).double().mean()
        if method.decoder:
            found["encoder/rmse"] = (y_NM - psi_NK @ method.decoder(params)).double().square().mean().sqrt()
    return found
