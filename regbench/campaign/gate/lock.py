"""The lock file as values: what was blessed, by which code, in which environment, with which numbers."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from regbench.job import Job

VERSION = 1
HEX = r"^[0-9a-f]{16,64}$"
Digest = Annotated[str, Field(pattern=HEX)]
Seed = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """A part of the file; a field that is not known here makes it one of another version."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LockedRun(Part):
    """One run: the key of its job, where it ran, and its numbers at the epoch that counts; null where it diverged.

    on: the environment, by its digest; None if the numbers cannot be expected bit for bit, as after some resumptions.
    """

    key: Digest
    on: Digest | None
    epoch: int | None
    values: dict[str, FiniteFloat | None]

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        """In the file a run is one line, `{key: ..., on: ..., epoch: 3, test/rmse: 0.1}`."""
        if not isinstance(data, dict) or "values" in data:
            return data
        numbers = {name: value for name, value in data.items() if "/" in str(name)}
        return {**{name: value for name, value in data.items() if name not in numbers}, "values": numbers}


class LockedCell(Part):
    """A row of a table on one dataset at one k: its configuration, without the seed, and a run for each seed."""

    cell: str
    code: Digest
    job: dict[str, Any]
    seeds: Annotated[dict[Seed, LockedRun], Field(min_length=1)]


class OwnTable(Part):
    """A table of the user's own; its path is relative to the folder of the lock file, or `openml:ID`.

    reading: fields of `Reading` that are not the usual ones.
    """

    name: str
    path: str
    targets: list[str]
    reading: dict[str, Any] = {}


class OwnCommand(Part):
    """A program of the user's own, and the file that names it, relative to the folder of the lock file."""

    name: str
    file: str


class Blessing(Part):
    """When and why a baseline was recorded, and the mean of each cell.

    worse: the cells whose worsening was accepted.
    """

    date: str
    commit: str | None
    reason: str
    means: dict[str, FiniteFloat | None]
    worse: list[str] = []


class Lock(Part):
    """A lock file. `history` is of earlier blessings, the first one first.

    metrics: what runs state; the first is judged.
    detect: the relative worsening that was asked to be found.
    common: fields of configurations that all cells share; a cell's own ones replace them.
    """

    regbench_lock: Literal[1]
    benchmark: str
    date: str
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")] | None
    reason: str
    worse: list[str] = []
    metrics: Annotated[list[Annotated[str, Field(pattern=r"^(test|val)/[\w/]+$")]], Field(min_length=1)]
    detect: Annotated[float, Field(gt=0, le=10)] | None = None
    plugins: list[str] = []
    tables: list[OwnTable] = []
    commands: list[OwnCommand] = []
    environments: dict[Digest, dict[str, Any]]
    common: dict[str, Any]
    cells: list[LockedCell]
    history: list[Blessing] = []

    @property
    def metric(self) -> str:
        """The metric that is judged, such as test/rmse."""
        return self.metrics[0]

    def config(self, cell: LockedCell) -> dict[str, Any]:
        """The configuration of a cell, without the seed."""
        return merged(self.common, cell.job)

    def job(self, cell: LockedCell, seed: int) -> Job:
        """The job of a cell with a seed, one of the file or another."""
        return Job.from_config({**self.config(cell), "seed": seed})

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """Every job of the file by its key, as stated there."""
        return {run.key: self.job(cell, seed) for cell, seed, run in self.runs()}

    def runs(self) -> Iterator[tuple[LockedCell, int, LockedRun]]:
        """Every run with its cell and seed."""
        return ((cell, seed, run) for cell in self.cells for seed, run in cell.seeds.items())

    def blessing(self) -> Blessing:
        """This baseline, as the history of the next one has it."""
        return Blessing(date=self.date, commit=self.commit, reason=self.reason, means=self.means(), worse=self.worse)

    def means(self) -> dict[str, float | None]:
        """The mean of the judged metric over the seeds of each cell; None where one diverged."""
        return {cell.cell: mean(cell, self.metric) for cell in self.cells}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """A lock from plain data; pydantic's `ValidationError` where it is none."""
        return cls.model_validate(data)


def mean(cell: LockedCell, metric: str) -> float | None:
    """The mean of a metric over the seeds of a cell; None where one diverged."""
    values = [run.values.get(metric) for run in cell.seeds.values()]
    finite = [value for value in values if value is not None]
    return sum(finite) / len(finite) if len(finite) == len(values) else None


def merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration from the fields that all share and those of one; the protocol's fields one by one.

    >>> merged({"k": 5, "protocol": {"epochs": 3, "clip": 1.0}}, {"k": 25, "protocol": {"epochs": 9}})
    {'k': 25, 'protocol': {'epochs': 9, 'clip': 1.0}}
    """
    protocol = {**common.get("protocol", {}), **own.get("protocol", {})}
    return {**common, **own, **({"protocol": protocol} if protocol else {})}


def shared(configs: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields that all configurations share, and of each the others; the inverse of `merged`.

    >>> shared([{"k": 5, "protocol": {"epochs": 3, "clip": 1.0}}, {"k": 25, "protocol": {"epochs": 3, "clip": 0.0}}])
    ({'protocol': {'epochs': 3}}, [{'k': 5, 'protocol': {'clip': 1.0}}, {'k': 25, 'protocol': {'clip': 0.0}}])
    """
    protocols = [config.get("protocol", {}) for config in configs]
    alike, protocol = _alike(configs), _alike(protocols)
    common = {**{name: value for name, value in alike.items() if name != "protocol"}}
    common |= {"protocol": protocol} if protocol else {}
    rest = []
    for config, its in zip(configs, protocols, strict=True):
        own = {name: value for name, value in config.items() if name not in alike and name != "protocol"}
        apart = {name: value for name, value in its.items() if name not in protocol}
        rest.append({**own, "protocol": apart} if apart else own)
    return common, rest


def _alike(mappings: list[dict[str, Any]]) -> dict[str, Any]:
    first, *others = mappings
    return {
        name: value for name, value in first.items() if all(name in each and each[name] == value for each in others)
    }
