"""Measure how fast this machine trains a shape without history, by a short training on generated data.

The real training loop runs on a pack of the real shape, in one process, for a fraction of a second per dataset: two
seconds for the eight datasets of the first paper. The result is stored in the cache folder, by processor, version of
torch, code, backbone and shape, and later plans only read it.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import catalog
from regbench.data.places import cache_folder
from regbench.job import Job, canonical, pairs
from regbench.kinds import code_digest
from regbench.kinds.cost import step_seconds
from regbench.kinds.size import Size, size_of
from regbench.provenance import device_name, processor
from regbench.runner.failures import is_memory
from regbench.runner.plan.cost import epoch_cost

if TYPE_CHECKING:
    from regbench.data import Prepared

SECONDS = 0.15  # of training, after the first epoch has traced and allocated
METHOD = "soft_binning"  # neither the fastest head nor the slowest
JOBS = {"cpu": {"mlp": 10, "cnn": 2}, "cuda": {"mlp": 128, "cnn": 32}}
STEPS = {"mlp": 3, "cnn": 1}  # training steps of a generated epoch
MOST_STEP_S = 5.0  # by arithmetic, of the steps that would be measured; a plan does not wait for longer ones
WORTH_IT = 0.95  # a larger pack must take less than this fraction of the time per job of the smaller one
EPOCHS = 10_000  # more than fit into the time


def calibrate(job: Job, device: str) -> float | None:
    """The measured seconds per epoch and job, divided by those of `cost`; None if it cannot be measured."""
    size = size_of(job.dataset)
    if _is_long(job, size, device):
        return None
    kept = _Kept(cache_folder() / "calibration.json")
    key = _key(job, size, device)
    if (known := kept.get(key)) is not None:
        return known
    try:
        ratio = _measure(job, size, device)
    except Exception:  # a plan can be made without it
        return None
    kept.put(key, ratio)
    return ratio


def largest_pack(device: str, job: Job, counts: Sequence[int] = (32, 64, 128, 256, 512, 1024)) -> int:
    """The number of such jobs in a pack beyond which more jobs do not make each of them faster.

    It is measured by a short training of packs of growing size, until memory runs out at the latest, and stored like
    the results of `calibrate`. It is 1 where a step is too long to be measured.
    """
    size = size_of(job.dataset)
    if _is_long(job, size, device):
        return 1  # a batch of one job fills the device
    kept = _Kept(cache_folder() / "calibration.json")
    key = _key(job, size, f"{device}, packs of {'-'.join(map(str, counts))}")
    if (known := kept.get(key)) is not None:
        return int(known)
    best, fastest = counts[0], float("inf")
    for count in counts:
        try:
            seconds = _measure(job, size, device, count)
        except Exception as error:
            if not is_memory(error):
                raise
            break
        if seconds > WORTH_IT * fastest:
            break
        best, fastest = count, min(seconds, fastest)
    kept.put(key, best)
    return best


def _is_long(job: Job, size: Size, device: str) -> bool:
    """Whether the steps of a pack are too long to be measured; those on maps of targets are never short."""
    if catalog.entry("backbones", job.backbone).arguments.get("dense"):
        return True
    return _jobs(job, device) * STEPS.get(job.backbone, 1) * step_seconds(job, size) > MOST_STEP_S


def _jobs(job: Job, device: str) -> int:
    """The jobs of the pack that is measured."""
    return JOBS["cuda" if device.startswith("cuda") else "cpu"].get(job.backbone, 4)


def _measure(job: Job, size: Size, device: str, count: int | None = None) -> float:
    """The measured seconds per epoch and job in a pack of `count`, divided by those of `cost`."""
    import torch

    from regbench.training.loop import Training

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        data = _generated(job, size)
        rows = Size((len(data.x_train), len(data.x_val), len(data.x_test)), size.inputs)
        pack = _pack(job, count or _jobs(job, device))
        expected = epoch_cost(pack[0], rows) * len(pack)
        seconds = []
        until = None
        for epoch in Training(pack, data, device):
            if until is None:
                until = time.perf_counter() + SECONDS  # the first epoch traced the heads
                continue
            seconds.append(epoch.seconds)
            if time.perf_counter() > until:
                break
        return float(np.median(seconds)) / expected
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)  # training turns it on, but this process has other work too


def _pack(job: Job, count: int) -> list[Job]:
    """`count` jobs with one head."""
    method = catalog.entry("methods", METHOD)
    alike = replace(
        job,
        method=METHOD,
        k=job.k or 25,
        hparams=pairs(method.hparams),
        static=pairs(method.static),
        protocol=replace(job.protocol, epochs=EPOCHS, split="fixed"),
    )
    return [replace(alike, seed=seed % 5, protocol=_apart(alike, seed // 5)) for seed in range(count)]


def _apart(job: Job, number: int) -> Any:
    """A protocol of the same cost that makes jobs with the same seed differ."""
    return replace(job.protocol, learning_rate=job.protocol.learning_rate * (1 + number / 1000))


def _generated(job: Job, size: Size) -> "Prepared":
    """Random rows of the dataset's shape: a few batches for training, evaluation rows in the real proportion."""
    from regbench.data import Prepared

    train, val, test = size.rows
    batch = min(job.protocol.batch_size, train)
    count = batch * STEPS.get(job.backbone, 1)
    shape = (size.inputs,) if isinstance(size.inputs, int) else tuple(size.inputs)
    draw = np.random.default_rng(0)
    parts: dict[str, Any] = {}
    for name, rows in (("train", count), ("val", _scaled(count, val, train)), ("test", _scaled(count, test, train))):
        parts[f"x_{name}"] = draw.random((rows, *shape), dtype=np.float32)
        parts[f"y_{name}"] = draw.random((rows, 1), dtype=np.float32)
        parts[f"rows_{name}"] = np.arange(rows)
    return Prepared(**parts, y_low=np.zeros(1), y_high=np.ones(1))


def _scaled(count: int, rows: int, of: int) -> int:
    return max(2, round(count * rows / of))


def _key(job: Job, size: Size, device: str) -> str:
    shape = [size.rows, size.inputs, job.protocol.batch_size, job.options]
    example = replace(job, method=METHOD)
    name, _, detail = device.partition(", ")
    where = [processor(), device_name(name), detail, metadata.version("torch")]
    return hashlib.sha256(canonical([where, code_digest(example), job.backbone, shape]).encode()).hexdigest()[:16]


class _Kept:
    """Measurements by key in a small JSON file; a file that cannot be read or written is ignored."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, key: str) -> float | None:
        """The stored measurement; None if there is none."""
        value = self._all().get(key)
        return float(value) if isinstance(value, int | float) and value > 0 else None

    def put(self, key: str, value: float) -> None:
        """Store a measurement; a new file replaces the old one, so no process reads a partial file."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            new.write_text(json.dumps({**self._all(), key: value}, indent=1), encoding="utf-8")
            new.replace(self.path)

    def _all(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
