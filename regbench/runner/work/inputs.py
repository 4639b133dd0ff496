"""Load the dataset of a job for training, and store its properties."""

from functools import lru_cache
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.errors import UsageError
from regbench.job import Job, differs_by_seed
from regbench.store import Store

if TYPE_CHECKING:
    from regbench.data import Prepared


def prepared(job: Job) -> "Prepared":
    """The dataset of a job, split and scaled; other scales than those of `prepare` are made of it when it is used."""
    protocol = job.protocol
    seed = job.seed if differs_by_seed(protocol.split) else 0
    inputs, targets = (scaling_of(scaling) for scaling in (protocol.inputs, protocol.targets))
    return _load(job.dataset, job.digest, protocol.split, seed, inputs, targets, protocol.shots)


def scaling_of(asked: str) -> str:
    """What `prepare` makes for a value of the protocol's `inputs` or `targets`."""
    return "raw" if asked == "raw" else "scaled"


@lru_cache(maxsize=2)  # successive packs of a worker often share a dataset
def _load(name: str, digest: str, split: str, seed: int, inputs: str, targets: str, shots: str) -> "Prepared":
    from regbench import data

    dataset = catalog.load("datasets", name)
    if dataset.digest != digest:
        raise UsageError(f"{name} has changed since the run was planned; run again")
    return data.prepared(data.load(dataset, name), split, seed, inputs=inputs, targets=targets, shots=shots)


def remember_dataset(store: Store, job: Job, data: "Prepared") -> None:
    """Store the sizes, ranges and origin of a dataset beside its results."""
    known = catalog.entry("datasets", job.dataset).arguments if job.dataset in catalog.names("datasets") else {}
    raw = job.protocol.targets == "raw"
    store.add_dataset(
        digest=job.digest,
        name=job.dataset,
        sizes=data.sizes,
        inputs=data.x_train.shape[1] if data.x_train.ndim == 2 else data.x_train.shape[1:],
        target_low=(data.y_train.min(0) if raw else data.y_low).tolist(),
        target_high=(data.y_train.max(0) if raw else data.y_high).tolist(),
        source=data.source or None,
        licence=known.get("licence"),
    )
