"""The models of an estimator: one pack, trained as every pack is, each model as it was at its best epoch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regbench import metrics, roots
from regbench.backbones.shared.linear import narrow
from regbench.data import Prepared, Table, prepare
from regbench.errors import UsageError
from regbench.job import Job
from regbench.sklearn import distribution
from regbench.sklearn.process import put_back
from regbench.tasks.blocks import EVALUATED_ROWS
from regbench.tasks.task import Block
from regbench.training.checkpoint import put, take
from regbench.training.loop import Epoch, Training
from regbench.training.pack import HeadPart, Model, build
from regbench.types import Params

Float64 = NDArray[np.float64]
MOMENTS = ("first", "second")  # of Adam: only a training that goes on needs them
CORNERS = 6  # rows that stand for the training rows where new ones are scaled: as many as a split needs


class Data(NamedTuple):
    """The rows of a fit: x (N, D), y (N, M), in their order; the last ones validate, if there are any."""

    x: Float64
    y: Float64
    validation: int


class Trained:
    """Trained models; they can be copied and sent to other processes, where the network is built again.

    jobs: in the order of their seeds. history: value of each epoch (E, J) by name. best: epoch of each model (J,).
    """

    def __init__(self, jobs: Sequence[Job], data: Data, device: str, places: tuple[str, ...]) -> None:
        self.jobs = tuple(jobs)
        self.device = device
        self.places = places
        self._x_ends = np.stack([train.min(0), train.max(0)]) if len(train := _training(data).x) else train
        self._scaling = (jobs[0].protocol.inputs, jobs[0].protocol.targets)
        prepared = _prepared(data, *self._scaling)
        self._y_train = prepared.y_train
        self._y_low, self._y_range = prepared.y_low, prepared.y_high - prepared.y_low
        self.history, self.best, self._arrays = _train(jobs, prepared, device, decided=data.validation > 0)
        self._kept: Model | None = None

    @property
    def finite(self) -> list[int]:
        """The models that did not diverge before their first epoch was over, by their place among the jobs."""
        return [row for row, epoch in enumerate(self.best) if epoch]

    def predict(self, x: Float64) -> Float64:
        """The mean prediction of the models that did not diverge: (N, D) -> (N, M)."""
        with put_back(), torch.no_grad():
            predicted = [self._model().evaluate([block]).predictions[self.finite] for block in self._blocks(x)]
        return self._unscaled(torch.cat(predicted, dim=1).mean(0).cpu().numpy())

    def quantiles(self, x: Float64, levels: Sequence[float]) -> Float64:
        """Quantiles of the mean of the models' distributions: (N, D) -> (N, L, M)."""
        found = []
        with put_back(), torch.no_grad():
            for rows, cumulative in self._cumulative(x):
                each = [distribution.quantile(cumulative, level, rows, self._y_train.shape[1]) for level in levels]
                found.append(torch.stack(each, dim=1))
        return self._unscaled(torch.cat(found).numpy())

    def on_bins(self, x: Float64) -> tuple[Float64, Float64] | None:
        """Support (S, M) and probabilities (N, S, M) of a method whose bins decode to fixed values; else None."""
        with put_back(), torch.no_grad():
            atoms = self._atoms()
            if atoms is None:
                return None
            found = [distribution.on_atoms(cumulative, atoms, rows) for rows, cumulative in self._cumulative(x)]
        return self._unscaled(atoms.numpy()), torch.cat(found).numpy()

    def _atoms(self) -> Tensor | None:
        """What the bins of all models decode to, in increasing order for each dimension: (S, M)."""
        decoded = []
        for part, row in self._heads():
            if part.head.method.decoder is None:
                return None
            decoded.append(part.head.method.decoder(_params(part, row)).cpu())
        return torch.cat(decoded).unique(dim=0).sort(0).values

    def _cumulative(self, x: Float64) -> Iterator[tuple[int, distribution.Cumulative]]:
        """For some rows at a time: their number, and the mean of the models' distribution functions."""
        for block in self._blocks(x):
            shared = block[0].expand(len(self.jobs), *block[0].shape)
            z = self._model().features(shared)
            crps = [_crps(part, row, z) for part, row in self._heads()]
            yield len(block[0]), partial(_mean_cumulative, crps)

    def _heads(self) -> list[tuple[HeadPart, int]]:
        """The head of each model that did not diverge, and the model's place in it."""
        [part] = self._model().heads  # one method and one k
        return [(part, row) for row in self.finite]

    def _blocks(self, x: Float64) -> Iterator[Block]:
        """New rows, scaled as the training rows were."""
        for start in range(0, len(x), EVALUATED_ROWS):
            rows = x[start : start + EVALUATED_ROWS]
            ends = np.tile(self._x_ends, (CORNERS // 2, 1))
            y = np.resize([[0.0], [1.0]], (CORNERS + len(rows), 1))
            table = Table(x=np.concatenate([ends, rows]), y=y, parts=(CORNERS, len(rows), 0), source="X")
            scaled = torch.from_numpy(prepare(table, inputs=self._scaling[0]).x_val).to(self.device, torch.float64)
            yield Block(scaled, scaled.new_zeros(len(rows), self._y_train.shape[1]))

    def _unscaled(self, y: Float64) -> Float64:
        return np.asarray(self._y_low + self._y_range * y.astype(np.float64))

    def _model(self) -> Model:
        """The network with the values of each model's best epoch, built when it is first needed.

        In double precision: a prediction must not depend on the rows beside it, not even by rounding.
        """
        if self._kept is None:
            roots.add([place for place in self.places if place not in roots.added().places])
            width = self._x_ends.shape[1]
            some = np.zeros((1, width), dtype=np.float32)
            nothing = np.zeros(0, dtype=np.int64)
            data = Prepared(
                some, self._y_train, some, self._y_train, some, self._y_train, self._y_low, self._y_low,
                nothing, nothing, nothing,
            )  # fmt: skip
            model = build(self.jobs, data, torch.device(self.device), torch.float64)
            put(model, [{**own, **kept} for own, kept in zip(take(model), self._arrays, strict=True)])
            self._kept = model
        return self._kept

    def __getstate__(self) -> dict[str, Any]:
        """All but the network, whose functions belong to the process."""
        return {**vars(self), "_kept": None}


def _training(data: Data) -> Data:
    rows = len(data.x) - data.validation
    return Data(data.x[:rows], data.y[:rows], 0)


def _prepared(data: Data, inputs: str, targets: str) -> Prepared:
    """The rows scaled; those for validation are evaluated once and stand for a test part, of which there is none."""
    parts = (len(data.x) - data.validation, data.validation, 0)
    prepared = prepare(Table(x=data.x, y=data.y, parts=parts, source="the data"), inputs=inputs, targets=targets)
    if not data.validation:
        prepared = replace(prepared, x_val=prepared.x_train, y_val=prepared.y_train, rows_val=prepared.rows_train)
    return replace(prepared, x_test=prepared.x_val, y_test=prepared.y_val, rows_test=prepared.rows_val)


def _train(
    jobs: Sequence[Job], data: Prepared, device: str, *, decided: bool
) -> tuple[dict[str, Float64], NDArray[np.int64], list[Mapping[str, np.ndarray]]]:
    """History, best epoch (0 for none) and arrays of each job; without validation rows the last finite epoch counts."""
    decide = jobs[0].protocol.decide
    about = metrics.about_val(decide)
    lowest = np.full(len(jobs), np.inf)
    best = np.zeros(len(jobs), dtype=np.int64)
    history: list[dict[str, Float64]] = []
    with put_back():
        training = Training(jobs, data, device)
        arrays: list[Mapping[str, np.ndarray]] = [{} for _ in jobs]
        for epoch in training:
            values = _values(epoch)
            history.append({name: value for name, value in values.items() if decided or name.startswith("train/")})
            if decide not in values:
                raise UsageError(f"decide: {jobs[0].method} has no {decide}; it is measured of predicted distributions")
            found = np.array([about.loss(value) for value in values[decide]])
            better = np.isfinite(found) if not decided else found < lowest
            if better.any():
                state = training.state()
                for row in np.flatnonzero(better):
                    arrays[row] = _kept(state[row])
            lowest, best = np.where(better, found, lowest), np.where(better, epoch.number, best)
        if not best.all():  # what diverged at once has the values it ended with
            state = training.state()
            arrays = [kept or _kept(own) for kept, own in zip(arrays, state, strict=True)]
    names = history[0]
    return {name: np.stack([values[name] for values in history]) for name in names}, best, arrays


def _values(epoch: Epoch) -> dict[str, Float64]:
    """What was measured of each job (J,), on training and validation rows; scores of distributions too."""
    scores = epoch.looks[0].diagnostics
    found = {
        name: np.array([look.diagnostics.get(name, np.nan) for look in epoch.looks])
        for name in scores
        if name.startswith("val/")
    }
    return {**found, **{name: value for name, value in epoch.values.items() if not name.startswith("test/")}}


def _kept(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array for name, array in state.items() if name.rpartition("/")[2] not in MOMENTS}


def _params(part: HeadPart, row: int) -> Params:
    """The parameters of one model's method."""
    trained, fixed = (
        {name: tensor[row].detach() for name, tensor in group.items()}
        for group in (part.trained_views, part.head.fixed)
    )
    return Params(trained, fixed)


def _crps(part: HeadPart, row: int, z_JBH: Tensor) -> Callable[[Tensor], Tensor]:
    """The CRPS (B,) of one model's distributions as a function of y (B, M)."""
    weight, bias = (part.linear.views[name][row : row + 1] for name in ("weight", "bias"))
    outputs = narrow(z_JBH[row : row + 1], weight, bias)[0]
    params = _params(part, row)
    score = part.head.method.scores["crps"]
    return lambda y: score(params, outputs, y.to(outputs.device)).cpu()


def _mean_cumulative(crps: Sequence[Callable[[Tensor], Tensor]], y_BM: Tensor) -> Tensor:
    return torch.stack([distribution.from_crps(of_model, y_BM) for of_model in crps]).mean(0)
