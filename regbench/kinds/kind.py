"""What a kind of job answers for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from regbench import catalog, metrics
from regbench.catalog import Entry
from regbench.fingerprint import Library, Start
from regbench.job import Job
from regbench.kinds.size import Size

if TYPE_CHECKING:
    import numpy as np

    from regbench.data import Prepared
    from regbench.training.checkpoint import State
    from regbench.training.loop import Epoch


class Execution(Protocol):
    """Jobs under way: iterate over it for their epochs."""

    @property
    def stage1_seconds(self) -> list[float]:
        """How long each job took before its first epoch; empty where there is nothing of the sort."""
        ...

    def __iter__(self) -> "Iterator[Epoch]": ...

    def state(self) -> "list[dict[str, np.ndarray]]":
        """What each job needs to go on after the last epoch that was given."""
        ...


class Begin(Protocol):
    """Begins, or goes on with, jobs that are executed together on a torch device."""

    def __call__(
        self, jobs: Sequence[Job], data: "Prepared", device: Any, states: "Sequence[State] | None" = None
    ) -> Execution:
        """Begin; with `states`, one a job, go on where these were taken."""
        ...


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is true of all jobs of one kind.

    is_reference: whether its rows stand for comparison only.
    is_packed: whether jobs are executed together and may go on after an interruption; otherwise each is alone, on the
        CPU, and an interruption ends it where it is.
    uses_k, uses_seed, reads_images: what a row looks at, from what its file says.
    starts: (method, backbone) -> where the code begins that decides its numbers.
    libraries: the distributions that a row needs.
    epoch_seconds: (job, size of its dataset) -> seconds of an epoch on one core, by arithmetic.
    memory: (job, size of its dataset) -> bytes that it adds to its pack.
    begin: executes jobs.
    """

    is_reference: bool
    is_packed: bool
    uses_k: Callable[[Entry], bool]
    uses_seed: Callable[[Entry], bool]
    reads_images: Callable[[Entry], bool]
    starts: Callable[[str, str], tuple[Start, ...]]
    libraries: Callable[[Entry], tuple[Library, ...]]
    epoch_seconds: Callable[[Job, Size], float]
    memory: Callable[[Job, Size], int]
    begin: Begin


def measures() -> tuple[Start, ...]:
    """The errors that results are compared by; one more metric makes no result stale."""
    return tuple((catalog.module_of("metrics", name), catalog.OBJECTS["metrics"]) for name in metrics.USUAL)
