"""What users read during a campaign."""

from dataclasses import replace

import pytest

from regbench import config
from regbench.campaign import events
from regbench.cli import progress
from regbench.cli.events import Listener
from regbench.runner import JobFailed, Plan, Summary, make_plan

FAILED = JobFailed("key", "diamonds lsq seed=0", "user code", "ValueError: no")


@pytest.fixture
def plan() -> Plan:
    return make_plan(config.load().get("smoke"), None)


def test_every_step_is_a_line(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    with Listener() as listener:
        listener(events.Fetching("diamonds"))
        listener(events.Blocked("diamonds", "no source has it"))
        listener(events.NothingForClaims(3, "that fits the time"))
        listener(events.TrainingForClaims(claims=2, waiting=5, cells=1, plan=plan))
    said = capsys.readouterr().err.splitlines()
    assert said[:4] == [
        "fetching diamonds",
        "blocked: no source has it",
        "3 claims open, none that fits the time",
        "2 claims open, 5 cells to train for them; now training the 1 that decide most for their time",
    ]
    assert said[4].startswith("smoke: 12 jobs, 0 done, 12 to train")


def test_the_training_that_is_under_way_is_shown_until_it_ends(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    with Listener() as listener:
        listener(events.TrainingStarted(plan))
        listener(FAILED)
        listener(events.TrainingEnded(plan, Summary()))
        listener(FAILED)
        listener(events.TrainingStarted(replace(plan, packs=())))
    assert capsys.readouterr().err.splitlines() == [
        "smoke: starting workers",
        "failed: diamonds lsq seed=0: user code: ValueError: no",
        "smoke: nothing to train",
    ]


def test_a_display_ends_with_an_error(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(progress.Display, "stop", lambda self: stopped.append(self.title))
    listener = Listener()
    listener(events.TrainingStarted(plan))
    listener.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stopped == ["smoke"]
