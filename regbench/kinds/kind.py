"""The interface of a kind of job."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from regbench import catalog, metrics
from regbench.catalog import Entry
from regbench.fingerprint import Library, Start
from regbench.job import Job
from regbench.job import Protocol as Manner
from regbench.kinds.size import Size

if TYPE_CHECKING:
    import numpy as np

    from regbench.training.checkpoint import State
    from regbench.training.loop import Epoch


class Execution(Protocol):
    """Jobs being executed: iterate over it for their epochs."""

    @property
    def stage1_seconds(self) -> list[float]:
        """Seconds each job took before its first epoch; empty if there is no such stage."""
        ...

    def __iter__(self) -> "Iterator[Epoch]": ...

    def state(self) -> "list[dict[str, np.ndarray]]":
        """The state each job needs to continue after the last epoch."""
        ...


class Begin(Protocol):
    """Starts or resumes jobs that are executed together on a torch device."""

    def __call__(
        self, jobs: Sequence[Job], data: Any, device: Any, states: "Sequence[State] | None" = None
    ) -> Execution:
        """Start the jobs on `data.Prepared`, None if the kind is not ours; with `states`, one per job, resume."""
        ...


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The properties of all jobs of one kind.

    is_reference: whether its rows are for comparison only.
    is_packed: whether jobs are executed together and can be resumed; otherwise each runs alone, on the CPU, and cannot
        be resumed.
    uses_k, uses_seed, reads_images: whether a row depends on k and seed and accepts images, according to its file.
    starts: (method, backbone, names of its parts) -> the entry points of the code that determines its numbers.
    asked: protocol -> more entry points, of the code that only jobs with such values of its fields depend on.
    libraries: the distributions that a row needs.
    epoch_seconds: (job, size of its dataset) -> seconds of an epoch on one core, by arithmetic.
    memory: (job, size of its dataset) -> bytes that it adds to its pack.
    begin: executes jobs.
    is_ours: whether it trains on our data with our metrics; otherwise a program does, which reports its own numbers.
    digest: (method) -> the digest of what its numbers depend on, where that is not code that `starts` names.
    """

    is_reference: bool
    is_packed: bool
    uses_k: Callable[[Entry], bool]
    uses_seed: Callable[[Entry], bool]
    reads_images: Callable[[Entry], bool]
    starts: Callable[[str, str, tuple[str, ...]], tuple[Start, ...]]
    asked: Callable[[Manner], tuple[Start, ...]]
    libraries: Callable[[Entry], tuple[Library, ...]]
    epoch_seconds: Callable[[Job, Size], float]
    memory: Callable[[Job, Size], int]
    begin: Begin
    is_ours: bool = True
    digest: Callable[[str], str] | None = None

    @property
    def uses_device(self) -> bool:
        """Whether a job may use the device of its slot."""
        return self.is_packed or not self.is_ours


def measures() -> tuple[Start, ...]:
    """The errors that results are compared by; one more metric makes no result stale."""
    return tuple((catalog.module_of("metrics", name), catalog.OBJECTS["metrics"]) for name in metrics.USUAL)
