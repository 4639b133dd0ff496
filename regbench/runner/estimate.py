"""How long jobs take and what memory they need: from past runs, from a calibration, or from arithmetic alone.

Arithmetic says how jobs compare; how fast this machine is comes from the store's history of the same dataset, method
and backbone, or else from a moment's training of the same shape (`calibration`). The interval is wide where the ground
is thin: BOUNDS holds what was seen when predictions were laid beside runs.
"""

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from statistics import median
from typing import Any

from regbench import catalog, kinds
from regbench.job import Job, Pack, Pairs, Protocol, pairs
from regbench.provenance import processor
from regbench.store import Store

STARTUP_S = {"cpu": 3.0, "cuda": 6.0}  # a worker process imports torch, the first pack its data
SETUP_S = 0.08  # a job's share of its pack's start: data, first parameters, tracing
SETUP_ROW_S = 5e-6  # and per training row, for a method that fits its encoder first
BOUNDS = {  # times the likely seconds
    "history": (0.7, 1.7),
    "kin": (0.65, 1.9),
    "calibration": (0.6, 2.0),
    "arithmetic": (0.3, 4.0),
}

PRODUCTS = 1.2e11  # operations a second on one core
UNIT_SECONDS = 5.5e-9  # per hidden unit and row for what is no product: dropout, ReLU, optimiser
IMAGE_SECONDS = 4e-4  # per image and model on one core, dominated by the convolutions
GPU_FACTOR = 0.01  # of a core's time, until a GPU has been seen to work
FORWARD = 0.35  # of a training row's time, for a row that is only evaluated

FIT_SECONDS = 0.02  # of any baseline, however small the table
FIT_BYTES = 10_000  # per training row, of the largest baseline: a forest of fully grown trees

EVALUATED_ROWS = 1024  # a block of the evaluation
WORKER_BYTES = {"cpu": 450 * 2**20, "cuda": 600 * 2**20}  # Python, torch and a dataset; a context of CUDA
IMAGE_FLOATS = 27_000  # activations of one image in the CNN


@dataclass(frozen=True)
class Facts:
    """What the cost of a job depends on in its dataset."""

    sizes: tuple[int, int, int] = (8_000, 1_000, 1_000)
    inputs: Any = 16


Calibrate = Callable[[Job, str, Mapping[str, Facts]], float | None]  # job, device -> measured over arithmetic


@dataclass(frozen=True)
class Estimate:
    """Seconds of wall time: the likely value between two that it should not leave, and what they rest on."""

    low: float
    likely: float
    high: float
    basis: Mapping[str, float] = field(default_factory=dict)  # history, kin, ... -> share of the time

    @property
    def rests_on(self) -> str:
        """The basis in words.

        >>> Estimate(1, 2, 3, {"history": 0.75, "calibration": 0.25}).rests_on
        '75 % on past runs in this database, 25 % on a calibration of this machine'
        """
        words = {
            "history": "past runs in this database",
            "kin": "past runs of other methods on the same data",
            "calibration": "a calibration of this machine",
            "arithmetic": "arithmetic alone",
        }
        shares = {words[name]: share for name, share in self.basis.items() if share >= 0.005}
        if len(shares) == 1:
            return next(iter(shares))
        return ", ".join(f"{share:.0%} on {name}".replace("%", " %") for name, share in shares.items())


@dataclass(frozen=True)
class Seen:
    """What past runs took, over what arithmetic says, and a job's share of what came before the epochs."""

    ratio: float
    setup_s: float


class Pace:
    """Seconds that jobs take on one slot of this machine.

    Args:
        seen: (dataset, method, backbone, options) -> what past runs took.
        device: the slot to ask for, such as "cpu" or "cuda:0".
        calibrate: measures a shape that was never seen; None does without.
        facts: of datasets that are not in the catalog.
    """

    def __init__(
        self,
        seen: Mapping[tuple[str, str, str, Pairs], Seen] | None = None,
        *,
        device: str = "cpu",
        calibrate: Calibrate | None = None,
        facts: Mapping[str, Facts] | None = None,
    ) -> None:
        self.seen = dict(seen or {})
        self.device = device
        self.calibrate = calibrate
        self.facts = dict(facts or {})
        self._known: dict[tuple[Any, ...], tuple[float, float, str]] = {}
        self._measured: dict[tuple[Any, ...], float | None] = {}

    @classmethod
    def of(
        cls,
        store: Store | None,
        devices: Sequence[str],
        *,
        calibrate: Calibrate | None = None,
        facts: Mapping[str, Facts] | None = None,
    ) -> "Pace":
        """What the store has seen on such devices; of CPUs only this machine's kind."""
        found = {}
        kind = kind_of(devices)
        for row in store.history().to_dict("records") if store else ():
            here = kind == "cuda" or row["processor"] in {"", processor()}
            if str(row["device"]).startswith(kind) and here:
                example = _example(row)
                ratio = row["seconds_per_epoch"] / epoch_cost(example, facts)
                found[example.dataset, example.method, example.backbone, example.options] = Seen(
                    ratio, row["setup_seconds"]
                )
        return cls(found, device=devices[0] if devices else "cpu", calibrate=calibrate, facts=facts)

    def seconds(self, job: Job) -> float:
        """Seconds of one job's whole training, as its share of a pack on one slot."""
        setup, epoch, _ = self._about(job)
        return setup + job.protocol.epochs * epoch

    def basis(self, job: Job) -> str:
        """What `seconds` rests on, a key of BOUNDS."""
        return self._about(job)[2]

    def _about(self, job: Job) -> tuple[float, float, str]:
        """Seconds before the epochs, seconds of one, and the basis."""
        what = (job.dataset, job.method, job.backbone, job.k, job.options, job.protocol.batch_size)
        if what not in self._known:
            self._known[what] = self._find(job)
        return self._known[what]

    def _find(self, job: Job) -> tuple[float, float, str]:
        arithmetic = epoch_cost(job, self.facts)
        setup = SETUP_S + SETUP_ROW_S * facts_of(job.dataset, self.facts).sizes[0]
        if seen := self.seen.get((job.dataset, job.method, job.backbone, job.options)):
            return seen.setup_s, arithmetic * seen.ratio, "history"
        if kinds.is_reference(job.method):  # of which neither another model nor a moment's training says anything
            return SETUP_S, arithmetic, "arithmetic"
        same = (job.dataset, job.backbone, job.options)
        if kin := [each for (data, _, net, options), each in self.seen.items() if (data, net, options) == same]:
            return setup, arithmetic * median(each.ratio for each in kin), "kin"
        if ratio := self._calibrated(job):
            return setup, arithmetic * ratio, "calibration"
        return setup, arithmetic * (GPU_FACTOR if self.device.startswith("cuda") else 1.0), "arithmetic"

    def _calibrated(self, job: Job) -> float | None:
        """Measured over arithmetic, once for each dataset, backbone and batch size."""
        shape = (job.dataset, job.backbone, job.options, job.protocol.batch_size)
        if shape not in self._measured:
            self._measured[shape] = self.calibrate(job, self.device, self.facts) if self.calibrate else None
        return self._measured[shape]


def estimate(packs: Sequence[Pack], pace: Pace, devices: Sequence[str]) -> Estimate:
    """Wall time of packs that are handed out in order to the first slot that is free."""
    if not packs:
        return Estimate(0.0, 0.0, 0.0)
    start = STARTUP_S[kind_of(devices)]
    likely = start + makespan([pack_seconds(pack, pace) for pack in packs], len(devices))
    shares: dict[str, float] = defaultdict(float)
    for job in (job for pack in packs for job in pack.jobs):
        shares[pace.basis(job)] += pace.seconds(job)
    total = sum(shares.values()) or 1.0
    basis = {name: shares[name] / total for name in BOUNDS if shares[name]}
    low, high = (sum(share * BOUNDS[name][end] for name, share in basis.items()) for end in (0, 1))
    return Estimate(low * likely, likely, high * likely + start, basis)


def pack_seconds(pack: Pack, pace: Pace) -> float:
    """Seconds of a pack on its slot, from claim to the last write."""
    return sum(map(pace.seconds, pack.jobs))


def makespan(seconds: Iterable[float], slots: int) -> float:
    """When the last slot is free, if each task goes to the first free slot.

    >>> makespan([3, 2, 2], slots=2)
    4.0
    """
    free = [0.0] * max(1, slots)
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def kind_of(devices: Sequence[str]) -> str:
    """Of what kind slots are: cpu or cuda."""
    return "cuda" if any(device.startswith("cuda") for device in devices) else "cpu"


def cost(job: Job) -> float:
    """Seconds the job takes one core, by arithmetic."""
    return job.protocol.epochs * epoch_cost(job)


def epoch_cost(job: Job, facts: Mapping[str, Facts] | None = None) -> float:
    """Seconds of one epoch of one job on one core, by arithmetic: what is trained, and what is evaluated after it."""
    known = facts_of(job.dataset, facts)
    train, val, test = known.sizes
    if kinds.is_reference(job.method):
        return FIT_SECONDS + catalog.row(job.method).arguments["cost"] * train * _values(known.inputs)
    return (train + FORWARD * (val + test)) * _row_seconds(known.inputs, job.backbone, job.options, job.k or 1)


def memory(jobs: Sequence[Job], facts: Mapping[str, Facts] | None = None, *, kind: str = "cpu") -> int:
    """Bytes of a pack while it trains, with the process that holds it."""
    return WORKER_BYTES[kind] + sum(job_memory(job, facts) for job in jobs)


def job_memory(job: Job, facts: Mapping[str, Facts] | None = None) -> int:
    """Bytes that one job adds to its pack: parameters with gradient and moments, activations, kept predictions."""
    known = facts_of(job.dataset, facts)
    train, val, test = known.sizes
    if kinds.is_reference(job.method):
        return (train + val + test) * 8 * _values(known.inputs) + train * FIT_BYTES
    return _job_bytes(known.inputs, job.backbone, job.options, job.k or 1, job.protocol.batch_size, val, test)


def _values(inputs: Any) -> int:
    """Numbers that one row of inputs has: columns, or pixels."""
    return prod(inputs) if isinstance(inputs, tuple) else int(inputs)


@lru_cache(maxsize=10_000)
def _job_bytes(inputs: Any, backbone: str, options: Any, k: int, batch_size: int, val: int, test: int) -> int:
    settings = dict(options)
    block = min(EVALUATED_ROWS, max(val, test))
    trained = 4 * _weights(inputs, backbone, options, k)
    if backbone == "cnn":
        activations = IMAGE_FLOATS * (3 * batch_size + 2 * block)
    else:
        hidden = int(settings.get("width", 128)) * int(settings.get("layers", 2))
        training = batch_size * (int(inputs) + 3 * hidden + 12 * k)
        activations = training + block * (2 * hidden + 3 * k)
    return 4 * (trained + activations + 4 * (val + test))


@lru_cache(maxsize=10_000)
def _row_seconds(inputs: Any, backbone: str, options: Any, k: int) -> float:
    if backbone == "cnn":
        return IMAGE_SECONDS
    settings = dict(options)
    hidden = int(settings.get("width", 128)) * int(settings.get("layers", 2))
    return 6 * _weights(inputs, backbone, options, k) / PRODUCTS + UNIT_SECONDS * hidden


def _weights(inputs: Any, backbone: str, options: Any, k: int) -> int:
    """Weights of a job's network."""
    settings = dict(options)
    if backbone == "cnn":
        return 64 * 49 * 256 + 256 * 256 + 24_000
    width, layers = int(settings.get("width", 128)), int(settings.get("layers", 2))
    return int(inputs) * width + (layers - 1) * width**2 + width * k


def facts_of(dataset: str, facts: Mapping[str, Facts] | None) -> Facts:
    """What is known of a dataset's size."""
    return (facts or {}).get(dataset) or _known(dataset)


@lru_cache(maxsize=1000)
def _known(dataset: str) -> Facts:
    """What the catalog says; of a table that is not in it, a guess."""
    if dataset not in catalog.names("datasets"):
        return Facts()
    said = catalog.entry("datasets", dataset).arguments
    return Facts(said["sizes"], said["inputs"])


def _example(row: Mapping[Any, Any]) -> Job:
    """A job like those of a row of the history, for its arithmetic."""
    protocol = Protocol(batch_size=1, weight_decay=0.0, dropout=0.0)
    options = pairs(json.loads(row["options"]))
    k = None if row["method"] == "lsq" else 25
    return Job(row["dataset"], "", row["method"], 0, protocol, k=k, backbone=row["backbone"], options=options)
