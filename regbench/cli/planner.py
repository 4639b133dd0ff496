"""Plans for `run` and `plan`: each benchmark against the database, with the same devices and options."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from regbench.cli.reading import is_there, reading
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.cli.grid import Chosen
    from regbench.runner import Plan
    from regbench.store import Store


@dataclass(frozen=True)
class Planner:
    """Makes plans; a database that is not there yet has nothing done."""

    db: str
    devices: list[str]
    retry_failed: bool = False
    shard: str | None = None
    choose_again: bool = False

    def plan(self, chosen: "Chosen", budget_s: float | None = None) -> "Plan":
        """The plan of one benchmark as things stand now."""
        from regbench import runner
        from regbench.engines.devices import free_memory
        from regbench.runner.budget import read_shard
        from regbench.runner.calibration import calibrate, largest_pack

        cuda = self.devices[0].startswith("cuda")
        with self._store() as store:
            return runner.plan_ahead(
                chosen.benchmark,
                store,
                choose_again=self.choose_again,
                shard=None if self.shard is None else read_shard(self.shard),
                budget_s=budget_s,
                devices=self.devices,
                retry_failed=self.retry_failed,
                files=chosen.files,
                free_bytes=free_memory(self.devices),
                calibrate=calibrate,
                largest=partial(largest_pack, self.devices[0]) if cuda else None,
            )

    def all(self, chosen: "Sequence[Chosen]", budget: str | None = None) -> "list[tuple[Chosen, Plan]]":
        """One plan a benchmark, the cheapest first; a budget is for all of them, and spent on the cheapest first."""
        from regbench.runner.budget import read_duration

        if self.choose_again and not any(each.benchmark.choose for each in chosen):
            names = ", ".join(each.benchmark.name for each in chosen)
            raise UsageError(f"--choose-again: {names} does not choose from a sweep")
        left = None if budget is None else read_duration(budget)
        found = sorted(((each, self.plan(each)) for each in chosen), key=lambda pair: pair[1].likely_s)
        if left is None:
            return found
        plans = []
        for each, _ in found:
            plans.append((each, self.plan(each, left)))
            left = max(0.0, left - plans[-1][1].packed_s)
        return plans

    @contextlib.contextmanager
    def _store(self) -> "Iterator[Store | None]":
        if is_there(self.db):
            with reading(self.db) as store:
                yield store
        else:
            yield None
