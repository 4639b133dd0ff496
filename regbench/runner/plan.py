"""What is left to train, in packs, and how long that will take."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil
from typing import Any

from regbench import catalog
from regbench.errors import DataUnavailable
from regbench.fingerprint import code_digest
from regbench.job import Job, Pack
from regbench.store import Store

PACK_LIMIT = {"cpu": 20, "cuda": 512}  # jobs a pack has at most; more help a GPU and only cost a CPU its cache
FLOPS_PER_SECOND = {"cpu": 4e10, "cuda": 4e12}  # what a slot is taken to do before it has been seen to
IMAGE_SECONDS = 4e-4  # per image and model on one core, dominated by the convolutions
RETRIED = frozenset({"resources", "infrastructure"})  # failures that say nothing about the job itself


@dataclass(frozen=True)
class Estimate:
    """Seconds of wall time: the likely value between two that it should not leave."""

    low: float
    likely: float
    high: float

    @property
    def seen(self) -> bool:
        """Whether it rests on runs of this store and not on arithmetic alone."""
        return self.high < 2 * self.likely


@dataclass(frozen=True)
class Plan:
    """A benchmark against a store: what is done, what is blocked, and the packs that remain."""

    benchmark: str
    config: Mapping[str, Any]
    jobs: tuple[Job, ...]
    whole: tuple[Job, ...]  # the benchmark without filters
    code: Mapping[str, str]  # job key -> digest of the code it would run
    done: frozenset[str]  # keys
    failed: Mapping[str, tuple[str, str]]  # key -> class and message; left out until asked for again
    packs: tuple[Pack, ...]
    missing: tuple[str, ...]  # datasets that are not here yet
    estimate: Estimate
    memory_bytes: int  # of the largest pack
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # a user's own table: dataset -> (path, target)
    blocked: Mapping[str, str] = field(default_factory=dict)  # dataset -> why

    @property
    def to_train(self) -> int:
        """Jobs in the packs."""
        return sum(len(pack.jobs) for pack in self.packs)


def make_plan(
    benchmark: Any,
    store: Store | None,
    *,
    devices: Sequence[str] = ("cpu",),
    retry_failed: bool = False,
    files: Mapping[str, tuple[str, str]] | None = None,
) -> Plan:
    """Leave out what is done (by this code) and what failed for a reason of its own; pack the rest, largest first.

    Args:
        benchmark: a `regbench.config.Benchmark`.
        store: where results are; None where there is no store yet.
        devices: the slots that will train; their number and kind decide the size of the packs.
        retry_failed: take failed jobs in again.
        files: tables of the user's own, dataset -> (path, target).
    """
    jobs = tuple(dict.fromkeys(benchmark.jobs))
    code = {job.key: code_digest(job) for job in jobs}
    done = store.done(code) if store else set()
    failed = store.failed(code) if store else {}
    kept_out = {} if retry_failed else {key: why for key, why in failed.items() if why[0] not in RETRIED}
    pending = [job for job in jobs if job.key not in done and job.key not in kept_out]
    packs = sorted(_packs(pending, devices), key=lambda pack: -sum(map(cost, pack.jobs)))
    files = files or {}
    return Plan(
        benchmark=benchmark.name,
        config=benchmark.config,
        jobs=jobs,
        whole=tuple(dict.fromkeys(benchmark.whole)),
        code=code,
        done=frozenset(done),
        failed=kept_out,
        packs=tuple(packs),
        missing=_missing({job.dataset for job in pending} - set(files)),
        estimate=_estimate(packs, store, devices),
        memory_bytes=max((_memory(pack) for pack in packs), default=0),
        files=files,
    )


def fetch_missing(plan: Plan, say: Callable[[str], None] = lambda _: None) -> Plan:
    """Fetch the datasets that are not here; those that cannot be had block their own jobs, and only those."""
    from regbench import data

    blocked = dict(plan.blocked)
    for name in plan.missing:
        say(name)
        try:
            data.load(catalog.load("datasets", name), name)
        except DataUnavailable as error:
            blocked[name] = str(error)
    packs = tuple(pack for pack in plan.packs if pack.jobs[0].dataset not in blocked)
    return replace(plan, packs=packs, missing=(), blocked=blocked)


def cost(job: Job) -> float:
    """Seconds the job takes one idle core, by its arithmetic: six operations per weight and row of the training set."""
    return job.protocol.epochs * epoch_cost(job)


def epoch_cost(job: Job) -> float:
    """Seconds of one epoch on one core."""
    facts = catalog.entry("datasets", job.dataset).arguments if job.dataset in catalog.names("datasets") else {}
    rows = facts.get("sizes", (10_000,))[0]
    if job.backbone == "cnn":
        return rows * IMAGE_SECONDS
    return 6 * rows * _weights(job) / FLOPS_PER_SECOND["cpu"]


def _weights(job: Job) -> int:
    """Weights of a job's network."""
    facts = catalog.entry("datasets", job.dataset).arguments if job.dataset in catalog.names("datasets") else {}
    inputs = facts.get("inputs", 16)
    options = dict(job.options)
    if job.backbone == "cnn":
        return 64 * 49 * 256 + 256 * 256 + 24_000
    width, layers = int(options.get("width", 128)), int(options.get("layers", 2))
    return int(inputs) * width + (layers - 1) * width**2 + width * (job.k or 1)


def _packs(jobs: Sequence[Job], devices: Sequence[str]) -> list[Pack]:
    """Jobs that may share a pack, seed by seed (they share rows and masks), cut so that every slot has work."""
    kind = "cuda" if any(device.startswith("cuda") for device in devices) else "cpu"
    groups: dict[Any, list[Job]] = defaultdict(list)
    for job in jobs:
        groups[Pack.group(job)].append(job)
    alone = len(groups) < len(devices)
    packs = []
    for group in groups.values():
        ordered = sorted(group, key=lambda job: (job.seed, Pack.head(job), job.hparams))
        count = max(ceil(len(ordered) / PACK_LIMIT[kind]), min(len(devices), len(ordered)) if alone else 1)
        packs += [Pack(tuple(part)) for part in _cut(ordered, count)]
    return packs


def _cut(jobs: Sequence[Job], count: int) -> list[Sequence[Job]]:
    """Near-equal parts, in order."""
    bounds = [round(part * len(jobs) / count) for part in range(count + 1)]
    return [jobs[start:end] for start, end in pairwise(bounds) if end > start]


def _missing(datasets: set[str]) -> tuple[str, ...]:
    from regbench import data

    return tuple(name for name in sorted(datasets) if not data.is_here(catalog.load("datasets", name), name))


def _estimate(packs: Sequence[Pack], store: Store | None, devices: Sequence[str]) -> Estimate:
    """From what finished runs of this store took on such devices; by arithmetic where there are none."""
    seen = _seen(store, devices)
    total, known = 0.0, 0.0
    ratios = [seconds / epoch for seconds, epoch in seen.values()]
    typical = sorted(ratios)[len(ratios) // 2] if ratios else 1.5
    for job in (job for pack in packs for job in pack.jobs):
        share = seen.get((job.dataset, job.method, job.backbone))
        seconds = share[0] * job.protocol.epochs if share else cost(job) * typical
        total += seconds
        known += seconds if share else 0.0
    longest = max((sum(map(cost, pack.jobs)) * typical for pack in packs), default=0.0)
    likely = max(total / max(1, len(devices)), longest)
    if total and known / total > 0.5:
        return Estimate(0.8 * likely, likely, 1.6 * likely)
    return Estimate(0.4 * likely, likely, 4 * likely)


def _seen(store: Store | None, devices: Sequence[str]) -> dict[tuple[str, str, str], tuple[float, float]]:
    """(dataset, method, backbone) -> seconds an epoch took one run's share of its slot, and what arithmetic says."""
    if store is None:
        return {}
    kind = "cuda" if any(device.startswith("cuda") for device in devices) else "cpu"
    history = store.history()
    found = {}
    for row in history[history["device"].str.startswith(kind)].itertuples():
        known = row.dataset in catalog.names("datasets") and row.backbone in catalog.names("backbones")
        if known:
            job = _example(str(row.dataset), str(row.method), str(row.backbone))
            found[row.dataset, row.method, row.backbone] = (float(str(row.seconds_per_epoch)), epoch_cost(job))
    return found


def _example(dataset: str, method: str, backbone: str) -> Job:
    """A job with the defaults of its parts, for its arithmetic."""
    from regbench.job import Protocol, pairs

    options = catalog.entry("backbones", backbone).arguments["options"]
    protocol = Protocol(batch_size=1, weight_decay=0.0, dropout=0.0)
    return Job(dataset, "", method, 0, protocol, k=25, backbone=backbone, options=pairs(options))


def _memory(pack: Pack) -> int:
    """Bytes of a pack: parameters with gradients and moments, activations of a batch or an evaluation block."""
    job = pack.jobs[0]
    width = int(dict(job.options).get("width", 128))
    rows = max(job.protocol.batch_size, 1024)
    return sum(4 * (4 * _weights(each) + 8 * rows * (2 * width + (each.k or 1))) for each in pack.jobs)
