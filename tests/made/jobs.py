"""Small jobs on a generated table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from regbench import catalog
from regbench.job import Job, Part, Protocol, pairs

JobMaker = Callable[..., Job]


def make_job(
    method: str = "lsq", *, k: int = 5, seed: int = 0, hparams: dict[str, float] | None = None, **protocol: Any
) -> Job:
    """A small job on a generated table: 2 x 16 MLP, batch 32, 3 epochs, unless `protocol` says otherwise."""
    known = catalog.entry("methods", method)
    width = protocol.pop("width", 16)
    settings = {"batch_size": 32, "weight_decay": 1e-4, "dropout": 0.3, "epochs": 3, **protocol}
    return Job(
        dataset="generated",
        digest="none",
        method=method,
        seed=seed,
        k=k if known.arguments["uses_k"] else None,
        hparams=pairs({**known.hparams, **(hparams or {})}),
        static=pairs(known.arguments.get("static", {})),
        options=pairs({"layers": 2, "width": width}),
        protocol=Protocol(**settings),
    )


def with_parts(job: Job, *names: str, **settings: Any) -> Job:
    """The job with these wrappers and regularizers added, at their defaults but for those of `settings` they have."""
    return replace(job, parts=tuple(_part(name, settings) for name in sorted(names, key=catalog.place_of_part)))


def _part(name: str, settings: dict[str, Any]) -> Part:
    entry = catalog.part(name)
    usual = [entry.hparams, entry.arguments.get("static", {})]
    return Part(name, *(pairs({key: settings.get(key, value) for key, value in of.items()}) for of in usual))
