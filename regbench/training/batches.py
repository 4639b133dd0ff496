"""What the steps of a pack's training get: rows, keys of random numbers and learning rates, epoch by epoch."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from regbench.random import Stream
from regbench.training import chosen
from regbench.training.dropout import Dropout
from regbench.training.optim import adam_factors
from regbench.training.pack import Model
from regbench.training.step import Inputs


class Given(NamedTuple):
    """The arguments of a step: its inputs, the factor of its learning rate, and its number, from 1."""

    inputs: Inputs
    rate_factor: float
    number: int


class Batches:
    """The steps of the training of a model on so many rows; the last partial batch of a pass over them is dropped.

    steps: of an epoch.
    dropout: whose masks the keys are for. whose: the number of each job's seed (J,).
    """

    def __init__(self, model: Model, rows: int) -> None:
        self._protocol, device, self._dtype = model.jobs[0].protocol, model.device, model.clip.dtype
        self._rows, self._device = rows, device
        self._size = min(self._protocol.batch_size, rows)
        self.steps = self._protocol.evaluate_every or rows // self._size
        self._rate_factors = chosen.schedule(self._protocol, self._protocol.epochs * self.steps)
        widths = model.backbone.dropped(model.options)
        self.dropout = Dropout(model.jobs, widths, rows=self._size, device=device, dtype=self._dtype)
        seeds = self.dropout.seeds
        self.whose = torch.tensor([seeds.index(job.seed) for job in model.jobs], device=device)
        self._orders, self._draws, self._views = (
            _streams(seeds, purpose, device) for purpose in ("order", "loss", "rows")
        )

    def epoch(self, epoch: int) -> list[Given]:
        """The arguments of each step of an epoch, counted from 0."""
        first, a_pass = epoch * self.steps, self._rows // self._size
        passes = range(first // a_pass, (first + self.steps - 1) // a_pass + 1)
        order_PSN = Stream(torch.stack([self._orders.child(number).key for number in passes])).permutation(self._rows)
        mask_keys = self.dropout.epoch(first, self.steps)
        numbers = torch.arange(first, first + self.steps, device=self._device)
        row_keys = self._views.child(numbers[:, None]).key
        loss_keys = self._draws.child(numbers[:, None]).key[:, self.whose]
        progress = numbers.to(self._dtype) / len(self._rate_factors)
        rates = self._rate_factors[first : first + self.steps]
        factors = adam_factors(rates, first + 1).to(self._device, self._dtype)
        found = []
        for index, number in enumerate(range(first, first + self.steps)):
            start = number % a_pass * self._size
            rows = order_PSN[number // a_pass - passes.start, :, start : start + self._size]
            inputs = Inputs(rows, mask_keys[index], row_keys[index], loss_keys[index], progress[index], factors[index])
            found.append(Given(inputs, rates[index], number + 1))
        return found


def _streams(seeds: Sequence[int], purpose: str, device: torch.device) -> Stream:
    """One batched stream for several seeds, keys (S,)."""
    return Stream(torch.stack([Stream.named(seed, purpose).key for seed in seeds]).to(device))
