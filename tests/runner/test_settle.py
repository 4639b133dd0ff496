"""A budget for open claims is spent on whole cells, those with the most waiting claims per second first."""

from collections import Counter
from dataclasses import replace

import pytest

from regbench import config
from regbench.analysis.claims import verify, worth
from regbench.analysis.claims.rows import Row
from regbench.papers import claims
from regbench.runner import plan_ahead, settle
from regbench.runner.plan.estimate import STARTUP_S
from regbench.runner.plan.pace import Pace
from tests.analysis.test_claims import runs
from tests.papers.test_claims import SMALL

BRIDGES = claims.load("bridges")
CPU = ["cpu"]


@pytest.fixture(scope="module")
def fixed():
    return config.load().get("bridges-fixed")


@pytest.fixture(scope="module")
def waiting(fixed):
    return settle.ahead(fixed, plan_ahead(fixed, None))


def test_what_is_ahead_is_every_job_by_its_cell(fixed, waiting):
    assert len(waiting) == 19 * 8
    assert all(len({job.seed for job in jobs}) == len(jobs) == 5 for jobs in waiting.values())
    assert {job for jobs in waiting.values() for job in jobs} == set(fixed.jobs)
    assert waiting["DM", Row("lsq", None)][0].dataset == "diamonds"


def test_what_waits_for_a_choice_is_ahead_with_the_sweep_that_makes_it():
    benchmark = settle.only(config.load().get("bridges"), {("CA", Row("end2end", 5))})
    assert len(benchmark.jobs) == 5
    (jobs,) = settle.ahead(benchmark, plan_ahead(benchmark, None)).values()
    assert {job.seed for job in jobs} == {0, 1, 2, 3, 4, 1000}  # and that one is the sweep's
    assert len(jobs) > 30


def test_a_budget_buys_whole_cells_by_claims_per_second(waiting):
    pace, wanted = Pace(), worth(verify(BRIDGES))
    seconds = {cell: sum(map(pace.seconds, jobs)) for cell, jobs in waiting.items()}
    everything = settle.affordable(waiting, wanted, pace, CPU, 1e9)
    assert set(everything) == set(waiting)
    rates = [wanted[cell] / seconds[cell] for cell in everything]
    assert rates == sorted(rates, reverse=True)
    some = settle.affordable(waiting, wanted, pace, CPU, STARTUP_S["cpu"] + sum(seconds.values()) / 10)
    assert 0 < sum(seconds[cell] for cell in some) <= sum(seconds.values()) / 10
    assert settle.affordable(waiting, wanted, pace, CPU, 0.1) == []


def test_cells_that_no_open_claim_waits_for_are_not_trained(waiting):
    only = ("WN", Row("hard_binning", 15))
    assert settle.affordable(waiting, Counter({only: 1}), Pace(), CPU, 1e9) == [only]


def test_two_slots_buy_twice_as_much(waiting):
    wanted = worth(verify(BRIDGES))
    one, two = (settle.affordable(waiting, wanted, Pace(), ["cpu"] * slots, 600) for slots in (1, 2))
    assert len(one) < len(two)


def test_before_any_run_all_open_claims_have_their_price(fixed):
    findings = verify(BRIDGES)
    further = settle.further(findings, plan_ahead(fixed, None), fixed, Pace(), CPU)
    bills = {bill.claim: bill for bill in further.bills}
    assert set(bills) == {claim.id for claim in BRIDGES.claims}
    assert further.jobs == len(fixed.jobs)
    assert bills["end2end-best"].jobs == 7 * 8 * 5  # seven rows at k = 25
    assert bills["softmax-varies"].jobs == 2 * 8 * 5
    elsewhere = bills["plateau-in-k"]  # runs of this benchmark could not tell
    assert (elsewhere.jobs, elsewhere.why) == (0, "bridges-figure5 has not been run")
    assert bills["no-single-lambda"].why == "no error decides it"
    assert [bill.seconds for bill in further.bills if bill.jobs] == sorted(b.seconds for b in further.bills if b.jobs)


def test_where_all_is_trained_the_price_is_more_seeds_or_there_is_none(fixed):
    text = SMALL.format("{improves: {rows: end2end, over: lsq, k: 25}}").replace("[A, B]", "[WN, CA]")
    paper = claims.read(text, "small")

    def bill(**errors):
        made = runs(errors, seeds=5).replace({"dataset": {"A": "wine_quality", "B": "cpu_act"}})
        done = replace(plan_ahead(fixed, None), packs=())
        (found,) = settle.further(verify(paper, made), done, fixed, Pace(), CPU).bills
        return found

    close = bill(lsq=(3, 4), end2end=(2.98, 2))
    assert close.jobs == 0
    assert close.seeds
    assert close.seeds > 5
    assert close.seconds > 0
    gone = bill(lsq=(3, 4), end2end=(2, None))
    assert (gone.jobs, gone.seconds, gone.why) == (0, 0, "no finished run")
