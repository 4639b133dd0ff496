"""What is examined: one file of the catalog, and the small jobs and models that are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from regbench import catalog
from regbench.catalog import Entry
from regbench.job import Job, Part, Protocol, pairs
from regbench.random import Stream
from regbench.training.composition import composed
from regbench.types import Batch, HParams, Method, Params, Regularizer

KINDS = ("methods", "regularizers", "wrappers")
BASE = "lsq"  # the method that regularizers and wrappers are added to
K = 5  # bins of a model, unless a promise is about k
ROWS = 12  # of a batch
SMALL = {"points": 16, "smallest": 5, "step": 4, "largest": 16}  # settings that count rows, for batches of few rows


@dataclass(frozen=True)
class Subject:
    """A method, regularizer or wrapper; a part is added to the method `base`."""

    kind: str
    name: str
    path: Path
    entry: Entry
    thing: Any
    base: str = BASE
    settings: Mapping[str, Any] = field(default_factory=dict)
    made: "dict[tuple[Any, ...], Model]" = field(default_factory=dict, repr=False, compare=False)  # see `model`

    @cached_property
    def method(self) -> Method:
        """The method itself, or the one that a part is added to, wrapped by a wrapper."""
        return composed(self.job()).method

    @property
    def regularizer(self) -> Regularizer:
        """The regularizer that is examined."""
        assert self.kind == "regularizers"
        return self.thing

    @property
    def label(self) -> str:
        """How a row with it is written: `mine`, or `lsq+mine`."""
        return self.name if self.kind == "methods" else f"{self.base}+{self.name}"

    @property
    def static(self) -> dict[str, Any]:
        """Its own static settings, with few rows where they count rows."""
        return {key: self.settings.get(key, SMALL.get(key, value)) for key, value in self.entry.static.items()}

    def job(self, *, seed: int = 1, k: int = K, width: int = 16, times: float = 1.0, **protocol: Any) -> Job:
        """A small job: 2 x `width` MLP, batches of 32, two epochs; its hyper-parameters `times` their defaults."""
        name = self.name if self.kind == "methods" else self.base
        parts = ()
        if self.kind != "methods":
            parts = (Part(self.name, pairs(scaled(self.entry, times)), pairs(self.static)),)
        return job_of(name, seed=seed, k=k, width=width, times=times, parts=parts, **protocol)


def job_of(method: str, *, seed: int, k: int, width: int, times: float = 1.0, parts: Any = (), **protocol: Any) -> Job:
    """A small job of any method."""
    known = catalog.entry("methods", method)
    settings = {"batch_size": 32, "weight_decay": 1e-4, "dropout": 0.2, "epochs": 2, **protocol}
    return Job(
        dataset="made",
        digest="none",
        method=method,
        seed=seed,
        k=k if known.arguments["uses_k"] else None,
        hparams=pairs(scaled(known, times)),
        static=pairs(known.static),
        options=pairs({"layers": 2, "width": width}),
        protocol=Protocol(**settings),
        parts=parts,
    )


def scaled(entry: Entry, times: float) -> dict[str, float]:
    """The defaults of hyper-parameters, times a factor as far as their bounds allow."""
    return {key: _within(value * times, entry.bounds.get(key, {}), value) for key, value in entry.hparams.items()}


def _within(value: float, bounds: Mapping[str, Any], default: float) -> float:
    low, high = bounds.get("low"), bounds.get("high")
    outside = (low is not None and value < low) or (high is not None and value > high)
    return default if outside else value


def subject(kind: str, name: str, base: str = BASE) -> Subject:
    """The file of that name, loaded; `UsageError` if it cannot be."""
    full = catalog.resolve(kind, name)
    return Subject(
        kind, full, catalog.path_of(kind, full), catalog.entry(kind, full), catalog.load(kind, full), base=base
    )


@dataclass(frozen=True)
class Model:
    """One model of a method: its parameters and hyper-parameters, float64."""

    method: Method
    params: Params
    values: HParams

    def outputs(self, k: int, m: int, rows: int = ROWS, seed: int = 0) -> Tensor:
        """Outputs (B, K) of an untrained network."""
        return draws(rows, self.method.outputs(k, m), seed=seed, name="outputs")

    def losses(self, y_BM: Tensor, outputs_BK: Tensor) -> Tensor:
        """The loss of every row (B,), or of all together ()."""
        return self.method.loss(self.params, batch(self, y_BM, outputs_BK), self.values)

    def to(self, dtype: torch.dtype) -> "Model":
        """The same in another precision."""
        cast = [
            {key: each.to(dtype) for key, each in part.items()} for part in (self.params.trained, self.params.fixed)
        ]
        return Model(self.method, Params(*cast), {key: each.to(dtype) for key, each in self.values.items()})

    def trained(self, values: Mapping[str, Tensor]) -> "Model":
        """The same with other trained parameters."""
        return Model(self.method, Params(values, self.params.fixed), self.values)


def model(
    of: Subject, k: int = K, y_NM: Tensor | None = None, *, seed: int = 0, times: float = 1.0, anew: bool = False
) -> Model:
    """A model of the subject's method on some training targets; made once, for a first stage takes long, or `anew`."""
    y_NM = targets(60) if y_NM is None else y_NM
    known = (k, tuple(y_NM.shape), y_NM.numpy().tobytes(), seed, times)
    if anew or known not in of.made:
        job = of.job(k=k, times=times)
        values = {name: torch.tensor(value, dtype=torch.float64) for name, value in job.hparams}
        params = of.method.init(y_NM, k, values, dict(job.static), Stream.named(seed, "method"))
        of.made[known] = Model(of.method, params, values)
    return of.made[known]


def batch(of: Model, y_BM: Tensor, outputs_BK: Tensor) -> Batch:
    """A batch as the engine passes it to a loss."""
    return Batch(
        y=y_BM,
        outputs=outputs_BK,
        prediction=of.method.predict(of.params, outputs_BK),
        z=draws(len(y_BM), 3, name="features").to(outputs_BK),
        rows=torch.arange(len(y_BM)),
        stream=Stream.named(0, "step"),
        progress=outputs_BK.new_zeros(()),
    )


def targets(n: int, m: int = 1, seed: int = 0) -> Tensor:
    """Targets (N, M) on [0, 1], both ends included in every dimension."""
    y_NM = Stream.named(seed, "targets").uniform(n, m)
    y_NM[0], y_NM[-1] = 0, 1
    return y_NM


def draws(*shape: int, seed: int = 0, name: str = "draws") -> Tensor:
    """Standard normal numbers, float64."""
    return Stream.named(seed, name).normal(*shape)
