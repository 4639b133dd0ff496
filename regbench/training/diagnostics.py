"""The parameters of the methods after an epoch, and diagnostics of their encoders and decoders.

Computed one job at a time, so that no number depends on the other jobs of the pack.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regbench.training.pack import HeadPart, Model
from regbench.types import Method, Params


@dataclass(frozen=True)
class Look:
    """The method parameters of one job after an epoch, float64, and its diagnostics by name."""

    parameters: dict[str, np.ndarray]
    diagnostics: dict[str, float]


class Diagnostics:
    """Diagnostics of the jobs of a model, in the order of `model.jobs`; computed once where nothing is trained."""

    def __init__(self, model: Model, y_NM: Tensor) -> None:
        self.model = model
        self.y = y_NM
        self._constant: dict[int, list[Look]] = {}  # by index of a head whose method trains nothing

    def look(self) -> list[Look]:
        all_looks = []
        for index, part in enumerate(self.model.heads):
            looks = self._constant.get(index) or _look(part, self.y)
            if part.trained is None:  # what regularizers train is not looked at
                self._constant[index] = looks
            all_looks += looks
        return all_looks


def _look(part: HeadPart, y_NM: Tensor) -> list[Look]:
    of_method = {**part.head.fixed, **(part.trained.views if part.trained else {})}
    stacked = {name: tensor for name, tensor in of_method.items() if "." not in name}  # without rot.plan and its like
    jobs = range(part.head.jobs.stop - part.head.jobs.start)
    arrays = {name: tensor.detach().double().cpu().numpy() for name, tensor in stacked.items()}
    names: list[str] = []
    numbers = []
    for row in jobs:
        of_job = diagnose(part.head.method, Params(fixed={name: tensor[row] for name, tensor in stacked.items()}), y_NM)
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
    """Diagnostics of one model's encoder and decoder on the targets y (N, M): float64 scalars, empty if it has neither.

    encoder/entropy: mean H(ψ(y)) in nats; 0 for one-hot codes, log K for uniform ones.
    encoder/rmse: of y against μᵀψ(y), the error of encoding and decoding alone.
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
