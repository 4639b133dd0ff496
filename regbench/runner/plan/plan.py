"""What a plan consists of: what was asked for, what there is of it, what is to be trained now, and what comes later."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from regbench.job import Job, Pack
from regbench.runner.plan.estimate import Estimate
from regbench.store import Choice, Member


@dataclass(frozen=True)
class Request:
    """What is asked for beside a benchmark."""

    retry_failed: bool = False  # take jobs in again that failed for a reason of their own
    choose_again: bool = False  # make choices anew that were made before
    shard: tuple[int, int] | None = None  # only the i-th of n shares, from 1
    budget_s: float | None = None  # only what should be done in so many seconds


@dataclass(frozen=True)
class Asked:
    """The benchmark that was asked for, and how."""

    benchmark: str
    config: Mapping[str, Any]
    members: tuple[Member, ...]  # the benchmark without filters, each job with its row
    request: Request = field(default_factory=Request)
    notes: tuple[str, ...] = ()  # what was asked for and makes no job


@dataclass(frozen=True)
class Inventory:
    """What the store and this machine have of some jobs, and what they lack."""

    code: Mapping[str, str]  # job key -> digest of the code it would run
    done: frozenset[str] = frozenset()  # keys
    outgrown: Mapping[str, str | None] = field(default_factory=dict)  # key -> commit of the other code that finished it
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message; left out
    missing: tuple[str, ...] = ()  # datasets that are not here yet
    blocked: Mapping[str, str] = field(default_factory=dict)  # dataset -> why it cannot be had
    uninstalled: Mapping[str, str] = field(default_factory=dict)  # baseline -> why, for want of its library

    @property
    def obstacles(self) -> dict[str, str]:
        """Datasets and baselines that are out of reach, and why."""
        return {**self.blocked, **self.uninstalled}


@dataclass(frozen=True)
class Price:
    """What the packs take."""

    estimate: Estimate
    memory_bytes: int = 0  # of the largest pack
    free_bytes: int | None = None  # memory that a slot may count on


@dataclass(frozen=True)
class Ahead:
    """What the packs are not all of: sweeps before them, and jobs that depend on results."""

    sweeps: tuple["Plan", ...] = ()  # to be done before, for what still has to be chosen
    choices: tuple[Choice, ...] = ()  # made now, and to be kept before they are used
    pending: tuple[Job, ...] = ()  # with their rows' defaults: what waits for a choice
    pending_estimate: Estimate | None = None
    later: int = 0  # jobs of a sweep's stages that have not begun
    may_extend: bool = False  # a sweep may go on beyond an edge


@dataclass(frozen=True)
class Plan:
    """A benchmark against a store: what is done, what is out of reach, and the packs that remain."""

    asked: Asked
    jobs: tuple[Job, ...]  # without other shards, and without what a budget leaves out
    inventory: Inventory
    packs: tuple[Pack, ...]
    price: Price
    left_out: tuple[Job, ...] = ()  # the budget is too small for them
    ahead: Ahead = field(default_factory=Ahead)

    @property
    def benchmark(self) -> str:
        return self.asked.benchmark

    @property
    def possible(self) -> tuple[Job, ...]:
        """The jobs less those whose dataset or library cannot be had."""
        out = self.inventory
        return tuple(job for job in self.jobs if job.dataset not in out.blocked and job.method not in out.uninstalled)

    @property
    def is_sweep(self) -> bool:
        """Whether it tries values, rather than training with those that were chosen."""
        return "sweep" in self.asked.config

    @property
    def to_train(self) -> int:
        """Jobs in the packs."""
        return sum(len(pack.jobs) for pack in self.packs)

    @property
    def likely_s(self) -> float:
        """Seconds of all that is known to be ahead: sweeps, jobs and those that wait for a choice."""
        pending = self.ahead.pending_estimate
        return self.packed_s + (pending.likely if pending else 0.0)

    @property
    def packed_s(self) -> float:
        """Seconds of what is in packs now, the sweeps' included."""
        return self.price.estimate.likely + sum(each.packed_s for each in self.ahead.sweeps)

    def for_request(self, request: Request) -> Self:
        """The same plan, as the answer to another request."""
        return replace(self, asked=replace(self.asked, request=request))
