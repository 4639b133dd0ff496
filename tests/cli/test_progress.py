"""The display of a run: progress, rate, time left and failures; lines from time to time without a terminal."""

import pytest

from regbench import config, runner
from regbench.cli import progress
from regbench.runner import make_plan


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> progress.Display:
    """The display of a run with work to do; it prints every line and sees one second pass between them."""
    clock = iter(range(1000))
    monkeypatch.setattr(progress, "LINE_S", 0.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    return progress.Display(make_plan(config.load().get("smoke"), None))


def step(done: int, seconds_left: float | None = None) -> runner.Progress:
    return runner.Progress(done_jobs=1, total_jobs=12, done_epochs=done, total_epochs=240, seconds_left=seconds_left)


def test_a_line_has_jobs_epochs_rate_and_time_left(display, capsys):
    display(step(100))
    display(step(110, seconds_left=90))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "smoke: 1/12 jobs, 100/240 epochs"
    assert second.startswith("smoke: 1/12 jobs, 110/240 epochs, ")
    assert "epochs/min, 1 min 30 s left" in second


def test_what_failed_is_said_at_once_by_its_first_line_and_counted_from_then_on(display, capsys):
    display(runner.JobFailed("key", "diamonds lsq seed=0", "user code", "ValueError: no\nTraceback: ..."))
    display(step(10))
    failed, line = capsys.readouterr().err.splitlines()
    assert failed == "failed: diamonds lsq seed=0: user code: ValueError: no"
    assert line.endswith(", 1 failed")
