"""Early stopping: a job ends after so many epochs without a better deciding metric (Prechelt, 1998).

Which epoch counts stays as it is: the best one. The schedule of the learning rate is that of all epochs. A job that has
stopped does not affect the others, and they do not affect it: it has the epochs that it would have alone. Once half of
the jobs of a pack have stopped, the others go on as a smaller pack.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regbench import metrics
from regbench.job import Job
from regbench.training.checkpoint import State
from regbench.training.diagnostics import Look
from regbench.training.loop import Epoch, Training

PATIENCE = "patience"  # the array of a state that holds `Waiting`

Continue = Callable[[Sequence[Job], Sequence[State] | None], Training]


@dataclass
class Waiting:
    """What decides when a job stops: its best loss, the epoch of it, and its last epoch, 0 while it goes on."""

    loss: float = float("inf")
    epoch: int = 0
    last: int = 0

    def see(self, epoch: int, loss: float, patience: int) -> None:
        """Take note of the deciding metric of an epoch, as a loss; NaN is no better than any other."""
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
        elif epoch - self.epoch >= patience:
            self.last = epoch


class Patient:
    """Jobs that are trained together and stop one by one; iterate over it for their epochs, as over `Training`.

    begin: starts the training of some jobs, or continues it from states.
    """

    def __init__(self, begin: Continue, jobs: Sequence[Job], states: Sequence[State] | None = None) -> None:
        self._begin = begin
        self._jobs = jobs
        self._waiting = [Waiting() for _ in jobs]
        if states:
            found = [state.arrays[PATIENCE] for state in states]
            self._waiting = [Waiting(float(loss), int(epoch), int(last)) for loss, epoch, last in found]
        self._rows = self._going  # of the jobs in the present pack
        self._training = self._train(states)
        self.stage1_seconds: list[float] = [] if states or not self._training else self._training.stage1_seconds

    def __iter__(self) -> Iterator[Epoch]:
        while self._training:
            for epoch in self._training:
                ended = frozenset(row for row, waiting in enumerate(self._waiting) if waiting.last)
                whole = self._whole(epoch, ended)
                self._see(whole, ended)
                yield whole
                if 2 * len(self._going) <= len(self._rows):
                    break
            else:
                return
            self._shrink()

    def state(self) -> list[dict[str, np.ndarray]]:
        """The arrays of each job after the last epoch; of a job that has stopped, only when it did."""
        own = dict(zip(self._rows, self._training.state(), strict=True)) if self._training else {}
        found = []
        for row, waiting in enumerate(self._waiting):
            arrays = {} if waiting.last else dict(own[row])
            found.append({**arrays, PATIENCE: np.array([waiting.loss, waiting.epoch, waiting.last])})
        return found

    @property
    def _going(self) -> list[int]:
        return [row for row, waiting in enumerate(self._waiting) if not waiting.last]

    def _train(self, states: Sequence[State] | None) -> Training | None:
        """The training of the present pack; `states` are those of all jobs."""
        if not self._rows:
            return None
        of_pack = None if states is None else [states[row] for row in self._rows]
        return self._begin([self._jobs[row] for row in self._rows], of_pack)

    def _shrink(self) -> None:
        """Go on with the jobs that have not stopped."""
        assert self._training
        states = [State(self._training.epoch, arrays) for arrays in self.state()]
        self._rows = self._going
        self._training = self._train(states)

    def _see(self, epoch: Epoch, ended: frozenset[int]) -> None:
        for row, (job, waiting) in enumerate(zip(self._jobs, self._waiting, strict=True)):
            if row not in ended:
                decide = job.protocol.decide
                measured: Mapping[str, float] = epoch.looks[row].diagnostics
                value = float(epoch.values[decide][row]) if decide in epoch.values else measured[decide]
                waiting.see(epoch.number, metrics.about_val(decide).loss(value), job.protocol.patience)

    def _whole(self, epoch: Epoch, ended: frozenset[int]) -> Epoch:
        """An epoch of the present pack as one of all jobs."""
        places = {row: place for place, row in enumerate(self._rows) if row not in ended}
        rows, taken = list(places), list(places.values())

        def spread(array: np.ndarray) -> np.ndarray:
            found = np.full((len(self._jobs), *array.shape[1:]), np.nan, array.dtype)
            found[rows] = array[taken]
            return found

        every = range(len(self._jobs))
        return Epoch(
            epoch.number,
            {name: spread(values) for name, values in epoch.values.items()},
            {part: spread(predicted) for part, predicted in epoch.predictions.items()},
            [epoch.looks[places[row]] if row in places else Look({}, {}) for row in every],
            epoch.seconds,
            [epoch.arrays[places[row]] if row in places else {} for row in every] if epoch.arrays else [],
            ended,
        )
