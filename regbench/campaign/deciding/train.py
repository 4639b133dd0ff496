"""Rounds of further seeds, with a look at the verdict after each."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from regbench import runner
from regbench.analysis import Comparison, allocation
from regbench.analysis.allocation import FEWEST
from regbench.analysis.sequences import SEQUENTIAL, Look, Plan, Sequential, of_config
from regbench.analysis.sequential import LOOKS, Looks
from regbench.campaign.campaign import Campaign
from regbench.campaign.deciding.data import LEVEL, METRIC, ROPE, Data, compare, read
from regbench.campaign.deciding.question import Question
from regbench.campaign.deciding.words import Stopped
from regbench.campaign.events import LookMade, PairsChosen
from regbench.campaign.places import database
from regbench.campaign.results import Done, Results
from regbench.config import Benchmark
from regbench.runner.plan.cost import kind_of
from regbench.runner.plan.estimate import STARTUP_S
from regbench.runner.plan.pace import Pace
from regbench.store import Store

MARGIN = 1.5  # of the pairs that a dataset is planned to get
SMALLEST_STEP = 1e-3  # of the planned pairs, between two looks
LOOKS_BEFORE_ADVICE = 2  # a spread of few seeds does not tell whether more would help


@dataclass(frozen=True)
class Outcome:
    """The end of the rounds: why they stopped, and the last comparison; None if there was nothing to compare.

    benchmark: that has the seeds.
    advice: what would settle it; empty if it is settled.
    """

    stopped: Stopped
    benchmark: str
    sequential: Sequential
    comparison: Comparison | None
    advice: str
    results: Results


class Deciding:
    """Adds seeds to a benchmark until its verdict between two methods is clear, or the budget is used up."""

    def __init__(self, campaign: Campaign, question: Question, budget_s: float) -> None:
        self.campaign = campaign
        self.question = question
        self.budget_s = budget_s
        self._ends = 0.0
        self._done: list[Done] = []

    def run(self) -> Outcome:
        """Train in rounds and look after each; goes on where an earlier call has stopped."""
        self.campaign.prepare()
        self._ends = time.monotonic() + self.budget_s
        state, name = self._before()
        data = self._read(name)
        found = self._compare(data, state.boundary)
        if found and found.decided and state.looks and data.pairs == _pairs(state):
            return self._outcome(Stopped.DECIDED, name, state, found)
        if not state.plans or state.plans[-1].is_over:
            planned = self._planned(state, data)
            if planned is None:
                return self._outcome(Stopped.NOTHING, name, state, found)
            state = planned
        if data.has_interval and data.pairs > _pairs(state):
            state, found = self._look(state, data)
        return self._rounds(state, name, data, found)

    def _rounds(self, state: Sequential, name: str, data: Data, found: Comparison | None) -> Outcome:
        wide = self.question.wide(state.plans[-1].seeds)
        while True:
            plan = state.plans[-1]
            if found and plan.looks and (stop := self._stops(plan, found, data)):
                return self._outcome(stop, name, state, found, data)
            more = self._more(plan, data)
            if not more:
                stop = Stopped.BUDGET if self._done else Stopped.NOTHING
                return self._outcome(stop, name, state, found, data)
            now = self.question.untried(wide, data.tried, more)
            if not now:
                return self._outcome(Stopped.FAILED, name, state, found, data)
            tried = {(dataset, seed) for dataset, seeds in data.tried.items() for seed in seeds}
            only = self.question.only(wide, tried, now)
            name = only.name
            self._announce(only, state)
            self.campaign.on_event(PairsChosen(dict(Counter(dataset for dataset, _ in sorted(now)))))
            self._done += self.campaign.train([(only, self.campaign.plan(only))]).benchmarks
            before, data = data, self._read(name)
            if self._done[-1].summary.interrupted:
                return self._outcome(Stopped.INTERRUPTED, name, state, found)
            if data.pairs <= before.pairs:
                return self._outcome(Stopped.FAILED, name, state, found)
            if data.has_interval:
                new = [seconds for key, seconds in data.seconds.items() if key not in before.seconds]
                state, found = self._look(state, data, jobs=len(new), core_seconds=sum(new))
                self._note(name, state)

    def _stops(self, plan: Plan, found: Comparison, data: Data) -> Stopped | None:
        if found.decided:
            return Stopped.DECIDED
        if plan.is_over:
            return Stopped.LOOKS
        if len(plan.looks) < LOOKS_BEFORE_ADVICE or min(each.pairs for each in data.noise.values()) < FEWEST:
            return None
        at_end = self._compare(data, plan.of_looks().at_end())
        return Stopped.SEEDS if at_end and not at_end.decided and not at_end.more_seeds else None

    def _look(
        self, state: Sequential, data: Data, *, jobs: int = 0, core_seconds: float = 0.0
    ) -> tuple[Sequential, Comparison]:
        """Compare, and add what was seen to the plan; the last look sees all that was planned."""
        plan = state.plans[-1]
        number = len(plan.looks) + 1
        last = plan.looks[-1].fraction if plan.looks else 0.0
        is_last = number >= plan.planned or data.pairs >= plan.most
        fraction = 1.0 if is_last else min(max(data.pairs / plan.most, last + SMALLEST_STEP), 1 - SMALLEST_STEP)
        found = self._compare(data, plan.of_looks(fraction))
        assert found is not None, "there are pairs"
        look = Look(
            fraction=fraction,
            pairs={name: each.pairs for name, each in data.noise.items()},
            level=found.look_level or LEVEL,
            verdict=found.verdict,
            percent=found.overall.percent,
            low=_finite(found.overall.low),
            high=_finite(found.overall.high),
            jobs=jobs,
            core_seconds=core_seconds,
        )
        ended = replace(plan, planned=number) if is_last else plan
        self.campaign.on_event(LookMade(number, ended.planned, found))
        return replace(state, plans=(*state.plans[:-1], ended)).with_look(look), found

    def _planned(self, state: Sequential, data: Data) -> Sequential | None:
        """The sequence with a plan of looks at all pairs that should fit the budget; None if no pair does."""
        now = int(data.has_interval and data.pairs > _pairs(state))  # a look at what is there
        extra = self._affordable(data, self.budget_s, starts=LOOKS - now)
        if not extra:
            extra = self._affordable(data, self.budget_s, starts=1)
        if not extra:
            return None
        return state.next_plan(
            len(data.noise),
            planned=now + min(len(extra), LOOKS - now),
            most=data.pairs + len(extra),
            seeds=self._seeds(data, extra),
            budget_s=self.budget_s,
        )

    def _seeds(self, data: Data, extra: Sequence[str]) -> int:
        """How many seeds besides the benchmark's own are enough, also if a dataset turns out noisier than it seems."""
        counts = Counter(extra)
        most = max(len(data.tried.get(name, ())) + MARGIN * counts[name] for name in data.noise)
        return max(1, math.ceil(most) - len(self.question.seeds))

    def _more(self, plan: Plan, data: Data) -> list[str]:
        """The datasets of the next pairs, as far as they fit the time that is left."""
        rounds = max(1, plan.planned - len(plan.looks))
        count = max(1, round((plan.most - data.pairs) / rounds))
        return self._affordable(data, self._ends - time.monotonic(), starts=1)[:count]

    def _affordable(self, data: Data, seconds: float, *, starts: int) -> list[str]:
        """The datasets of the next pairs that fit into the seconds, with so many starts of workers."""
        devices, resources = self.campaign.devices, self.campaign.resources
        usable = (seconds - starts * STARTUP_S[kind_of(devices)]) * resources.at_once
        with database(self.campaign.db) as store:
            pace = Pace.of(store, devices, calibrate=resources.calibrate)
        return allocation.affordable(data.noise, self.question.costs(pace), max(0.0, usable))

    def _before(self) -> tuple[Sequential, str]:
        """The sequence of an earlier command on this question, or a new one, and the benchmark that has its runs."""
        question, found = self.question, []
        with database(self.campaign.db) as store:
            for name in map(str, store.benchmarks()["name"]):
                found += [
                    (len(each.plans), len(each.looks), name, each)
                    for each in of_config(store.config(name))
                    if each.base == question.base.name and each.is_between(question.a, question.b, METRIC)
                ]
        if found:
            *_, name, last = max(found, key=lambda each: each[:2])
            return last, name
        return Sequential(question.base.name, question.a, question.b, METRIC, ROPE, LEVEL), question.base.name

    def _read(self, name: str) -> Data:
        return read(self.campaign.db, self.question, name)

    def _compare(self, data: Data, looks: Looks | None) -> Comparison | None:
        return compare(self.campaign.db, self.question, data, looks)

    def _announce(self, only: Benchmark, state: Sequential) -> None:
        """Store the benchmark with its plan before its jobs are trained; it takes the values that the base has."""
        with Store.open(self.campaign.db) as store:
            store.add_benchmark(only.name, only.config, [])
            if only.choose:
                store.choose(only.name, list(store.chosen(self.question.base.name).values()))
            runner.announce(self.campaign.plan(only), store)
        self._note(only.name, state)

    def _note(self, name: str, state: Sequential) -> None:
        with Store.open(self.campaign.db) as store:
            known = of_config(store.config(name))
            others = [each for each in known if not each.is_between(state.a, state.b, state.metric)]
            store.note(name, SEQUENTIAL, [each.data() for each in (*others, state)])

    def _outcome(
        self, stopped: Stopped, name: str, state: Sequential, found: Comparison | None, data: Data | None = None
    ) -> Outcome:
        results: Any = Results(self.campaign.db, tuple(self._done))
        advice = ""
        if found and not found.decided and data is not None and state.plans:
            at_end = self._compare(data, state.plans[-1].of_looks().at_end())
            advice = at_end.advice if at_end else ""
        return Outcome(stopped, name, state, found, advice, results)


def _finite(end: float | None) -> float | None:
    """The end of an interval; None where it has none, as early looks at few pairs may."""
    return None if end is None or math.isinf(end) else end


def _pairs(state: Sequential) -> int:
    """The pairs of the last look; 0 before the first."""
    looks = state.looks
    return sum(looks[-1].pairs.values()) if looks else 0
