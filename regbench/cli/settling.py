"""Training for claims that are open: what a budget buys of them, and what more time would."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.cli.grid import Chosen, choose
from regbench.cli.output import amount, duration, say
from regbench.cli.plan import after, headline, slots
from regbench.cli.planner import Planner
from regbench.cli.reading import is_there, reading, shown
from regbench.cli.run import make_ready, run_all, verdict
from regbench.errors import Interrupted

if TYPE_CHECKING:
    from regbench.analysis.claims import Findings
    from regbench.papers.claims import Paper
    from regbench.runner import Plan, Summary
    from regbench.runner.estimate import Pace
    from regbench.runner.settle import Cell, Further


NO_FILTER: dict[str, Any] = {
    "every": False,
    **dict.fromkeys(("datasets", "methods", "k", "seeds", "epochs", "settings", "data", "target")),
}


ROUND = 1 / 3  # of the time that is left, before looking again at what is still open
SHORTEST_ROUND_S = 300.0  # starting workers takes a few seconds


@dataclass(frozen=True)
class Settler:
    """Trains runs of a benchmark for the claims that wait for them."""

    chosen: Chosen
    planner: Planner
    budget_s: float

    @property
    def name(self) -> str:
        """The benchmark's."""
        return self.chosen.benchmark.name

    def train(self, look: "Callable[[], Findings]") -> "list[tuple[Plan, Summary]]":
        """Train the cells that open claims wait for and that fit, in rounds: what one decides, the next leaves out.

        `look` gives the claims as the runs that there are leave them.
        """
        make_ready(self.planner.db)
        results: list[tuple[Plan, Summary]] = []
        until = time.monotonic() + self.budget_s
        while (left := until - time.monotonic()) > 0:
            done = self._round(look(), left)
            results += done
            if not any(summary.finished for _, summary in done) or any(summary.interrupted for _, summary in done):
                break
        return results

    def _round(self, findings: "Findings", left_s: float) -> "list[tuple[Plan, Summary]]":
        """Train what is worth most and fits a part of the time that is left."""
        from regbench.runner import settle

        wanted, pace, devices = self._worth(findings), self._pace(), self.planner.devices
        waiting = settle.ahead(self.planner.plan(self._only(wanted)))
        part_s = max(left_s * ROUND, SHORTEST_ROUND_S)
        for seconds in (part_s, left_s) if part_s < left_s else (left_s,):
            if cells := settle.affordable(waiting, wanted, pace, devices, seconds):
                chosen = self._only(cells)
                plan = self.planner.plan(chosen, left_s)
                many = f"{amount(len(findings.open), 'claim')} open, {amount(len(waiting), 'cell')} to train for them"
                say(f"{many}; now the {len(cells)} that decide most for their time")
                say("\n".join([headline(plan), *after(plan), *plan.notes]))
                return run_all([(chosen, plan)], self.planner)
        why = "that fits the time" if waiting else f"that {self.name} could settle by more runs"
        say(f"{amount(len(findings.open), 'claim')} open, none {why}")
        return []

    def further(self, findings: "Findings") -> "Further":
        """What the claims that are still open would cost."""
        from regbench.runner import settle

        plan = self.planner.plan(self._only(self._worth(findings)))
        return settle.further(findings, plan, self.chosen.benchmark, self._pace(), self.planner.devices)

    def _worth(self, findings: "Findings") -> "Mapping[Cell, int]":
        from regbench.analysis.claims import worth

        return worth(findings, choosing=self.chosen.benchmark.choose is not None)

    def _only(self, cells: Any) -> Chosen:
        from regbench.runner import settle

        return replace(self.chosen, benchmark=settle.only(self.chosen.benchmark, cells))

    def _pace(self) -> "Pace":
        from regbench.runner.calibration import calibrate
        from regbench.runner.estimate import Pace

        if not is_there(self.planner.db):
            return Pace.of(None, self.planner.devices, calibrate=calibrate)
        with reading(self.planner.db) as store:
            return Pace.of(store, self.planner.devices, calibrate=calibrate)


def settler(
    paper: "Paper",
    benchmark: str | None,
    file: Path | None,
    *,
    budget: str,
    db: str,
    devices: str | None,
    workers: int | None,
) -> Settler:
    """For the benchmark that was named, or else the paper's own."""
    from regbench import config
    from regbench.runner.budget import read_duration

    budget_s = read_duration(budget)
    known = config.load(file).names()
    name = benchmark or next(each for each in paper.benchmarks if each in known)
    chosen = choose([name], file=file, **NO_FILTER)
    return Settler(chosen[0], Planner(db, slots(devices, workers)), budget_s)


def as_data(further: "Further") -> dict[str, Any]:
    """What further hours would settle, for JSON."""
    claims = [
        {"id": bill.claim, "jobs": bill.jobs, "seconds": bill.seconds, "seeds": bill.seeds, "why_not": bill.why or None}
        for bill in further.bills
    ]
    return {"jobs": further.jobs, "seconds": further.seconds, "claims": claims}


def as_text(further: "Further") -> str:
    """What further hours would settle, in a few lines."""
    runs = [f"{bill.claim} ({duration(bill.seconds)})" for bill in further.bills if bill.jobs]
    seeds = [f"{bill.claim} ({bill.seeds} seeds, {duration(bill.seconds)})" for bill in further.bills if bill.seeds]
    idle = [f"{bill.claim} ({bill.why})" for bill in further.bills if bill.why]
    lines = [f"{amount(len(further.bills), 'claim')} open"]
    if runs:
        rest = f"about {duration(further.seconds)} more would train the {amount(further.jobs, 'job')} waited for"
        lines.append(f"{rest}; for one claim by itself: {', '.join(runs)}")
    if seeds:
        lines.append(f"more seeds than the benchmark has might settle {', '.join(seeds)}")
    if idle:
        lines.append(f"no run of the benchmark would settle {', '.join(idle)}")
    return "\n".join(lines)


def conclude(results: "Sequence[tuple[Plan, Summary]]", db: str) -> None:
    """The error that a training amounts to."""
    if any(summary.interrupted for _, summary in results):
        raise Interrupted(
            f"interrupted; what was finished is kept in {shown(db)}, and the same command goes on from there"
        )
    if failures := [failure for _, summary in results for failure in summary.failed.values()]:
        raise verdict(failures)
