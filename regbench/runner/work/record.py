"""The measurements of a pack that are not yet written, and the best epoch of each job so far."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import catalog, kinds, metrics
from regbench.job import Job
from regbench.store import Checkpoint, EpochRows, Finished

if TYPE_CHECKING:
    from regbench.runner.work.held_out import HeldOut
    from regbench.training.checkpoint import State
    from regbench.training.loop import Epoch

PREDICTED = "predicted/"  # prefix of arrays in a state: predictions of the best epoch, by part of the split
LEARNT = "learnt/"  # prefix: the method's own parameters at that epoch, by name


class Record:
    """Collects the epochs of all jobs of a pack, and makes rows, checkpoints and results for the store."""

    def __init__(
        self,
        jobs: Sequence[Job],
        runs: Sequence[int],
        states: "Sequence[State] | None" = None,
        held_out: "HeldOut | None" = None,
    ) -> None:
        self.held_out = held_out
        self.stage1_seconds: Sequence[float] = ()  # of each job; written with the first epoch
        self.keep = jobs[0].protocol.keep_predictions == "best"
        self.runs = runs
        self.waiting: list[EpochRows] = []
        self.epoch = states[0].epoch if states else 0
        self.best = [_Best.of(state) for state in states] if states else [_Best() for _ in jobs]
        self.decides = [job.protocol.decide for job in jobs]
        self.foreign = not kinds.is_ours(jobs[0].method)  # its numbers may have any name
        self.losses = [kinds.loss(job) for job in jobs]

    def add(self, epoch: "Epoch") -> None:
        """Record an epoch of all jobs that have not stopped; predictions are kept only if it is the best so far."""
        self.epoch = epoch.number
        seconds = epoch.seconds / (len(self.runs) - len(epoch.ended))
        finite = np.ones(len(self.runs), dtype=bool)
        for name, values in epoch.values.items():
            if _says_divergence(name) or (self.foreign and name.partition("/")[2] not in catalog.names("metrics")):
                finite &= np.isfinite(values)
        for row, (run, best, look) in enumerate(zip(self.runs, self.best, epoch.looks, strict=True)):
            if row in epoch.ended:
                continue
            best.last = epoch.number
            values = {name: float(column[row]) for name, column in epoch.values.items()} | look.diagnostics
            if epoch.number == 1 and self.stage1_seconds:  # as what is measured once, which every export keeps
                self.waiting.append(EpochRows(run, 0, {"stage1/seconds": self.stage1_seconds[row]}))
            kept = epoch.arrays[row] if epoch.arrays else {}
            self.waiting.append(EpochRows(run, epoch.number, {**values, "seconds": seconds}, kept))
            if not finite[row] and best.diverged_at is None:
                best.diverged_at = epoch.number
            loss = self.losses[row](values.get(self.decides[row], math.nan))  # which a program may leave out
            if loss < best.loss:
                best.loss, best.epoch = loss, epoch.number
                best.parameters = look.parameters
                predicted = {part: predictions[row] for part, predictions in epoch.predictions.items()}
                if self.held_out is not None:
                    best.errors = self.held_out.errors(predicted)
                if self.keep:  # copies, because a view would keep the predictions of the whole pack
                    best.predictions = {part: predictions.copy() for part, predictions in predicted.items()}

    def take(self) -> list[EpochRows]:
        """Return the rows that wait to be written, and forget them."""
        rows, self.waiting = self.waiting, []
        return rows

    def checkpoints(
        self, arrays: Sequence[Mapping[str, np.ndarray]], seconds: float, numerics: str
    ) -> list[Checkpoint]:
        """A checkpoint of each run from the arrays of its training; `seconds` is its part of the wall time."""
        from regbench.training.checkpoint import State

        states = []
        for run, best, own in zip(self.runs, self.best, arrays, strict=True):
            kept = {PREDICTED + part: array for part, array in best.predictions.items()}
            kept |= {LEARNT + name: array for name, array in best.parameters.items()}
            facts = {**best.facts(), "seconds": best.seconds + seconds, "numerics": numerics}
            states.append(Checkpoint(run, self.epoch, State(self.epoch, {**own, **kept}, facts).to_bytes()))
        return states

    def results(self, seconds: float) -> list[Finished]:
        """The results of all runs; `seconds` is each run's part of the wall time in this process."""
        return [
            Finished(
                run,
                best.seconds + seconds,
                best.last,
                best.diverged_at,
                best.predictions,
                best.epoch,
                best.parameters,
                best.errors,
            )
            for run, best in zip(self.runs, self.best, strict=True)
        ]


class _Best:
    """The best epoch of one job so far, and other facts for its checkpoint."""

    def __init__(self) -> None:
        self.loss = float("inf")  # lower is better, for every deciding metric
        self.epoch: int | None = None
        self.last = 0  # the last epoch that it was trained
        self.diverged_at: int | None = None
        self.seconds = 0.0  # of training in earlier processes
        self.errors: dict[str, float] = {}  # on seen and on unseen rows
        self.predictions: dict[str, np.ndarray] = {}
        self.parameters: dict[str, np.ndarray] = {}

    @classmethod
    def of(cls, state: "State") -> "_Best":
        best = cls()
        facts = state.facts
        best.loss = float("inf") if facts["best"] is None else facts["best"]
        best.epoch, best.diverged_at, best.seconds = facts["best_epoch"], facts["diverged_at"], facts["seconds"]
        best.errors = facts.get("errors", {})  # which older checkpoints lack
        best.last = facts.get("last", state.epoch)
        best.predictions = _under(PREDICTED, state.arrays)
        best.parameters = _under(LEARNT, state.arrays)
        return best

    def facts(self) -> dict[str, Any]:
        """The facts as plain data; None for infinity, which JSON does not have."""
        known = self.loss if self.epoch is not None else None
        found = {"best": known, "best_epoch": self.epoch, "diverged_at": self.diverged_at, "errors": self.errors}
        return {**found, "last": self.last}


def _says_divergence(name: str) -> bool:
    """Whether a non-finite value means that the run diverged; a correlation may be undefined without that."""
    part, _, metric = name.partition("/")
    return part not in ("val", "test") or metric in metrics.USUAL


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
