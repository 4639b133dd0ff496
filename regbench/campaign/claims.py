"""Train for open claims within a budget, and tell what more time would settle."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from regbench import config
from regbench.analysis.claims import Findings, worth
from regbench.campaign.campaign import Campaign
from regbench.campaign.choosing import Wanted, choose
from regbench.campaign.events import NothingForClaims, TrainingForClaims
from regbench.campaign.places import database, is_there
from regbench.campaign.results import Done, Results
from regbench.config import Benchmark
from regbench.engines.devices import cores
from regbench.papers.claims import Paper
from regbench.runner import Plan, settle
from regbench.runner.plan.calibration import calibrate
from regbench.runner.plan.cost import at_once
from regbench.runner.plan.pace import Pace
from regbench.runner.settle import Cell, Further

ROUND = 1 / 3  # fraction of the remaining time to train before open claims are checked again
SHORTEST_ROUND_S = 300.0  # starting workers takes a few seconds


def benchmark_of(paper: Paper, name: str | None, file: Path | None) -> Benchmark:
    """The benchmark of that name; without a name, the paper's own."""
    known = config.load(file).names()
    own = name or next(benchmark for benchmark in paper.benchmarks if benchmark in known)
    return choose(Wanted([own], file))[0]


@dataclass(frozen=True)
class Settling:
    """Trains the jobs of a benchmark that open claims wait for."""

    campaign: Campaign
    benchmark: Benchmark
    budget_s: float

    @property
    def name(self) -> str:
        return self.benchmark.name

    def train(self, look: Callable[[], Findings]) -> Results:
        """Train cells that open claims wait for and that fit the budget, in rounds.

        After each round, cells of claims that are now settled are left out. `look` judges the claims on the present
        runs.
        """
        self.campaign.prepare()
        done: list[Done] = []
        until = time.monotonic() + self.budget_s
        while (left := until - time.monotonic()) > 0:
            found = self._round(look(), left)
            done += found.benchmarks
            if not found.finished or found.interrupted:
                break
        return Results(self.campaign.db, tuple(done))

    def further(self, findings: Findings) -> Further:
        """The cost of the claims that are still open."""
        plan = self._plan_for(self._worth(findings))
        return settle.further(findings, plan, self.benchmark, self._pace(), self._slots())

    def _round(self, findings: Findings, left_s: float) -> Results:
        """Train the cells that are worth most and fit into a part of the remaining time."""
        wanted, pace = self._worth(findings), self._pace()
        waiting = settle.ahead(self.benchmark, self._plan_for(wanted))
        part_s = max(left_s * ROUND, SHORTEST_ROUND_S)
        for seconds in (part_s, left_s) if part_s < left_s else (left_s,):
            if cells := settle.affordable(waiting, wanted, pace, self._slots(), seconds):
                chosen = self._only(cells)
                plan = self.campaign.plan(chosen, left_s)
                self.campaign.on_event(TrainingForClaims(len(findings.open), len(waiting), len(cells), plan))
                return self.campaign.train([(chosen, plan)])
        why = "that fits the time" if waiting else f"that {self.name} could settle by more runs"
        self.campaign.on_event(NothingForClaims(len(findings.open), why))
        return Results(self.campaign.db, ())

    def _worth(self, findings: Findings) -> Mapping[Cell, int]:
        return worth(findings, choosing=self.benchmark.choose is not None)

    def _plan_for(self, cells: Collection[Cell]) -> Plan:
        return self.campaign.plan(self._only(cells))

    def _only(self, cells: Collection[Cell]) -> Benchmark:
        return settle.only(self.benchmark, cells)

    def _slots(self) -> list[str]:
        """The slots that work at full speed at the same time."""
        return self.campaign.devices[: at_once(self.campaign.devices, cores())]

    def _pace(self) -> Pace:
        if not is_there(self.campaign.db):
            return Pace.of(None, self.campaign.devices, calibrate=calibrate)
        with database(self.campaign.db) as store:
            return Pace.of(store, self.campaign.devices, calibrate=calibrate)
