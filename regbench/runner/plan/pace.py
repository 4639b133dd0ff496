"""The speed of training on this machine: from past runs, from a calibration, or from arithmetic alone."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from regbench import catalog, kinds
from regbench.job import Job, Pairs, Protocol, pairs
from regbench.kinds.size import size_of
from regbench.provenance import processor
from regbench.runner.plan.cost import epoch_cost, kind_of
from regbench.store import Store

SETUP_S = 0.08  # of a job, its part of the start of a pack: data, initialisation, tracing
FIT_S = 0.4  # more, for a method that fits something first, besides the time for its rows
GPU_FACTOR = 0.01  # of the time on a CPU core, if there is no measurement on a GPU

Calibrate = Callable[[Job, str], float | None]  # (job, device) -> measured time / time by arithmetic


@dataclass(frozen=True)
class Seen:
    """Times of past runs.

    ratio: measured time of an epoch / time by arithmetic.
    setup_s: seconds before the epochs, per job.
    """

    ratio: float
    setup_s: float


class Pace:
    """Seconds that jobs take on one slot of this machine.

    Args:
        seen: (dataset, method, backbone, options) -> times of past runs.
        device: the device of the slot, such as "cpu" or "cuda:0".
        calibrate: measures a shape without past runs; None skips this.
    """

    def __init__(
        self,
        seen: Mapping[tuple[str, str, str, Pairs], Seen] | None = None,
        *,
        device: str = "cpu",
        calibrate: Calibrate | None = None,
    ) -> None:
        self.seen = dict(seen or {})
        self.device = device
        self.calibrate = calibrate
        self._known: dict[tuple[Any, ...], tuple[float, float, str]] = {}
        self._measured: dict[tuple[Any, ...], float | None] = {}

    @classmethod
    def of(
        cls,
        store: Store | None,
        devices: Sequence[str],
        *,
        calibrate: Calibrate | None = None,
    ) -> "Pace":
        """The pace by the runs in the store on such devices; for CPUs only runs on this model of processor."""
        found = {}
        kind = kind_of(devices)
        for row in store.history().to_dict("records") if store else ():
            here = kind == "cuda" or row["processor"] in {"", processor()}
            if str(row["device"]).startswith(kind) and here:
                example = _example(row)
                ratio = row["seconds_per_epoch"] / epoch_cost(example)
                found[example.dataset, example.method, example.backbone, example.options] = Seen(
                    ratio, row["setup_seconds"]
                )
        return cls(found, device=devices[0] if devices else "cpu", calibrate=calibrate)

    def seconds(self, job: Job) -> float:
        """Seconds of the whole training of a job: the time of a pack on one slot, divided by its jobs."""
        setup, epoch, _ = self._about(job)
        return setup + job.protocol.epochs * epoch

    def basis(self, job: Job) -> str:
        """The basis of `seconds`, a key of BOUNDS."""
        return self._about(job)[2]

    def _about(self, job: Job) -> tuple[float, float, str]:
        """Seconds before the epochs, seconds of one epoch, and the basis."""
        what = (job.dataset, job.method, job.backbone, job.k, job.options, job.protocol.batch_size)
        if what not in self._known:
            self._known[what] = self._find(job)
        return self._known[what]

    def _find(self, job: Job) -> tuple[float, float, str]:
        arithmetic = epoch_cost(job)
        setup = setup_seconds(job)
        if seen := self.seen.get((job.dataset, job.method, job.backbone, job.options)):
            return seen.setup_s, arithmetic * seen.ratio, "history"
        if not kinds.of(job.method).is_packed:  # neither other models nor a calibration tell its time
            return SETUP_S, arithmetic, "arithmetic"
        same = (job.dataset, job.backbone, job.options)
        if kin := [seen for (data, _, net, options), seen in self.seen.items() if (data, net, options) == same]:
            return setup, arithmetic * median(seen.ratio for seen in kin), "kin"
        if ratio := self._calibrated(job):
            return setup, arithmetic * ratio, "calibration"
        return setup, arithmetic * (GPU_FACTOR if self.device.startswith("cuda") else 1.0), "arithmetic"

    def _calibrated(self, job: Job) -> float | None:
        """Measured time / time by arithmetic; measured once for each dataset, backbone and batch size."""
        shape = (job.dataset, job.backbone, job.options, job.protocol.batch_size)
        if shape not in self._measured:
            self._measured[shape] = self.calibrate(job, self.device) if self.calibrate else None
        return self._measured[shape]


def setup_seconds(job: Job) -> float:
    """Seconds before the first epoch of a job, without past runs of its method."""
    if not kinds.of(job.method).is_packed:  # its `cost` is that of its fit
        return SETUP_S
    row_s = catalog.row(job.method).arguments.get("cost", 0.0)
    return SETUP_S + (FIT_S + row_s * size_of(job.dataset).rows[0] if row_s else 0.0)


def _example(row: Mapping[Any, Any]) -> Job:
    """A job like those of a row of the history, to compute their cost."""
    protocol = Protocol(batch_size=1, weight_decay=0.0, dropout=0.0)
    options = pairs(json.loads(row["options"]))
    method = row["method"]
    k = 25 if method not in catalog.rows() or kinds.uses_k(method) else None
    return Job(row["dataset"], "", method, 0, protocol, k=k, backbone=row["backbone"], options=options)
