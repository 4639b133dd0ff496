"""A plan: the request, the state of its jobs, the packs to train now, and what follows later."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from regbench.job import Job, Pack
from regbench.runner.plan.estimate import Estimate
from regbench.store import Choice, Member


@dataclass(frozen=True)
class Request:
    """Options for planning a benchmark."""

    retry_failed: bool = False  # retry jobs whose failures are not retried automatically
    choose_again: bool = False  # replace earlier choices
    shard: tuple[int, int] | None = None  # only the i-th of n shards, from 1
    budget_s: float | None = None  # only jobs that should finish within this time


@dataclass(frozen=True)
class Asked:
    """The requested benchmark and the options."""

    benchmark: str
    config: Mapping[str, Any]
    members: tuple[Member, ...]  # the benchmark without filters, each job with its row
    request: Request = field(default_factory=Request)
    notes: tuple[str, ...] = ()  # messages about requests that make no job


@dataclass(frozen=True)
class Inventory:
    """The state of some jobs in the store and on this machine."""

    code: Mapping[str, str]  # job key -> digest of the code it would run
    done: frozenset[str] = frozenset()  # keys of finished jobs
    outgrown: Mapping[str, str | None] = field(default_factory=dict)  # key -> commit of other code that finished it
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message; not retried
    missing: tuple[str, ...] = ()  # datasets still to be fetched
    blocked: Mapping[str, str] = field(default_factory=dict)  # dataset -> why it is unavailable
    uninstalled: Mapping[str, str] = field(default_factory=dict)  # baseline -> which library it lacks

    @property
    def obstacles(self) -> dict[str, str]:
        """Unavailable datasets and baselines, with the reason."""
        return {**self.blocked, **self.uninstalled}


@dataclass(frozen=True)
class Price:
    """The time and memory that the packs need."""

    estimate: Estimate
    memory_bytes: int = 0  # of the largest pack
    free_bytes: int | None = None  # memory available to a slot
    seconds: Mapping[str, float] = field(default_factory=dict)  # job key -> its likely part of its pack's time


@dataclass(frozen=True)
class Ahead:
    """What has to be done besides the packs: sweeps before them, and jobs that depend on results."""

    sweeps: tuple["Plan", ...] = ()  # to be trained first, for choices that are not made yet
    choices: tuple[Choice, ...] = ()  # made by this plan; must be stored before they are used
    pending: tuple[Job, ...] = ()  # jobs that wait for a choice, with their rows' default values
    pending_estimate: Estimate | None = None
    later: int = 0  # number of jobs in later stages of a sweep
    may_extend: bool = False  # a sweep may add values beyond an edge


@dataclass(frozen=True)
class Plan:
    """A plan for a benchmark and a store: finished jobs, unavailable ones, and the packs that remain."""

    asked: Asked
    jobs: tuple[Job, ...]  # of this shard, without those that the budget leaves out
    inventory: Inventory
    packs: tuple[Pack, ...]
    price: Price
    left_out: tuple[Job, ...] = ()  # jobs beyond the budget
    ahead: Ahead = field(default_factory=Ahead)

    @property
    def benchmark(self) -> str:
        return self.asked.benchmark

    @property
    def possible(self) -> tuple[Job, ...]:
        """The jobs whose dataset and library are available."""
        out = self.inventory
        return tuple(job for job in self.jobs if job.dataset not in out.blocked and job.method not in out.uninstalled)

    @property
    def is_sweep(self) -> bool:
        """Whether the benchmark is a sweep, which tries values."""
        return "sweep" in self.asked.config

    @property
    def to_train(self) -> int:
        """The number of jobs in the packs."""
        return sum(len(pack.jobs) for pack in self.packs)

    @property
    def likely_s(self) -> float:
        """The likely seconds of everything known so far: sweeps, packs, and jobs that wait for a choice."""
        pending = self.ahead.pending_estimate
        return self.packed_s + (pending.likely if pending else 0.0)

    @property
    def packed_s(self) -> float:
        """The likely seconds of the packs, including those of the sweeps."""
        return self.price.estimate.likely + sum(sweep.packed_s for sweep in self.ahead.sweeps)

    def for_request(self, request: Request) -> Self:
        """The same plan with another request."""
        return replace(self, asked=replace(self.asked, request=request))
