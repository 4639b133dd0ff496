"""What is said of a snapshot: speeds, time left, and whether to go on."""

from typing import Any

import pytest

from regbench.campaign.watching import Left, is_over, left, left_of, speeds
from regbench.store import RunningPack, Snapshot, Standing


def pack(**changes: Any) -> RunningPack:
    usual: dict[str, Any] = {
        "name": "p", "benchmark": "small", "dataset": "diamonds", "rows": ("lsq",), "jobs": 10, "owner": "a/1|7|1.00",
        "device": "cpu", "silent": False, "epoch": 4, "epochs": 10, "epochs_left": 60, "metric": "val/rmse",
        "curve": (), "seconds_per_epoch": 0.5,
    }  # fmt: skip
    return RunningPack(**{**usual, **changes})


def standing(*, pending: int = 0, dataset: str = "diamonds", **changes: Any) -> Standing:
    states: dict[str, Any] = {"done": 0, "running": 0, "failed": 0, "blocked": 0, "pending": pending}
    states |= {"jobs": 10, "epochs_done": 0, "epochs_total": 100}
    return Standing(benchmark="small", dataset=dataset, **{**states, **changes})


def snapshot(*packs: RunningPack, standings: tuple[Standing, ...] = (), pace: dict[str, float] | None = None):
    return Snapshot(standings=standings, packs=packs, pace=pace or {}, moment=0.0)


def test_a_device_is_as_fast_as_its_workers_together_and_a_silent_one_stands_still():
    here = [pack(), pack(owner="a/1|8|1.00", seconds_per_epoch=0.25), pack(owner="a/1|9|1.00", silent=True)]
    first, second = speeds(snapshot(*here, pack(owner="b/1|7|1.00", device="cuda:0", seconds_per_epoch=None)))
    assert (first.host, first.device, first.workers, first.silent) == ("a", "cpu", 3, 1)
    assert first.epochs_per_minute == pytest.approx(60 / 0.5 + 60 / 0.25)
    assert (second.host, second.device, second.epochs_per_minute) == ("b", "cuda:0", None)


def test_pending_work_is_shared_by_the_workers_and_priced_as_it_costs_now():
    two = [pack(), pack(owner="a/1|8|1.00")]
    found = left(snapshot(*two, standings=(standing(pending=5),), pace={"diamonds": 99.0}))
    assert (found.seconds, found.at_least) == (pytest.approx((60 + 60 + 5 * 10) * 0.5 / 2), False)


def test_other_datasets_cost_what_their_finished_runs_did_and_unknown_ones_come_on_top():
    waiting = (standing(pending=1, dataset="wine"), standing(pending=1, dataset="new"))
    found = left(snapshot(pack(), standings=waiting, pace={"wine": 2.0}))
    assert (found.seconds, found.at_least) == (pytest.approx(60 * 0.5 + 10 * 2.0), True)


def test_it_takes_at_least_as_long_as_the_slowest_pack():
    fast = [pack(owner=f"a/1|{number}|1.00", epochs_left=0) for number in range(9)]
    assert left(snapshot(pack(), *fast)).seconds == pytest.approx(left_of(pack()))


@pytest.mark.parametrize("changes", [{"seconds_per_epoch": None}, {"silent": True}])
def test_nothing_is_said_of_the_time_left_before_an_epoch_or_of_a_silent_worker(changes: dict[str, Any]):
    assert left(snapshot(pack(**changes))) == Left(None)
    assert left_of(pack(**changes)) is None


def test_jobs_that_are_not_chosen_yet_count_as_long_as_the_others():
    chosen_later = standing(jobs=20, unchosen=10, pending=10)
    assert left(snapshot(pack(), standings=(chosen_later,))).seconds == pytest.approx((60 + 10 * 10) * 0.5)


def test_it_is_over_when_nothing_runs_or_waits():
    assert is_over(snapshot(standings=(standing(done=8, failed=1, blocked=1),)))
    assert not is_over(snapshot(standings=(standing(pending=1),)))
    assert not is_over(snapshot(pack(), standings=(standing(done=10),)))  # code has changed since they were done
