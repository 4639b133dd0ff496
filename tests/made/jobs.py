"""Small jobs on a generated table."""

from collections.abc import Callable
from typing import Any

from regbench import catalog
from regbench.job import Job, Protocol, pairs

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
