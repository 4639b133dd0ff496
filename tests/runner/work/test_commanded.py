"""A worker runs a program of the user's: what is stored of it, and what of a failure."""

from pathlib import Path

import pytest

from regbench import roots
from regbench.engines.engine import Place
from regbench.kinds import code_digest
from regbench.runner.work.task import Result, Task
from regbench.runner.work.worker import run_pack
from regbench.store import Store
from tests.made.commands import command, job

ONWARD = """
state = kept / "state"
first = int(state.read_text()) if state.exists() else 1
for epoch in range(first, 4):
    write(epoch=epoch, val_rmse=abs(epoch - 2), test_rmse=epoch + first / 10, lr=float("inf") if epoch == 3 else 1)
    state.write_text(str(epoch + 1))
    if epoch == 2 and first == 1:
        print("a", "b", sep="\\n")
        sys.exit(1)
"""


def work(folder: Path, code: str | None = None) -> Result:
    """What a worker makes of the job."""
    wanted = job()
    with Store.open(folder / "regbench.db") as store:
        store.add_benchmark("tests", {}, [(wanted, "mine")])
    task = Task((wanted,), str(folder / "regbench.db"), {wanted.key: code or code_digest(wanted)}, "a", roots.added())
    return run_pack(task, Place("cpu", alive=lambda: True))


def test_a_failed_attempt_is_recorded_and_the_next_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    command(tmp_path, ONWARD, inputs=("train.py",))
    failed = work(tmp_path)
    assert failed.failed == {job().key: ("user code", "ended with exit code 1: b\nthe end of its output:\na\nb")}
    assert (tmp_path / "regbench.db.commands").is_dir()
    assert work(tmp_path).diverged == (job().key,)
    with Store.open(tmp_path / "regbench.db", read_only=True) as store:
        [row] = store.cells("tests").to_dict("records")
        assert (row["best_epoch"], row["test_rmse"], row["epochs"]) == (2, pytest.approx(2.1), 3)
        newest, first = store.executions("tests")
        assert (newest.status, newest.diverged_at, first.failure_class) == ("finished", 3, "user code")
        assert newest.environment["command"]["inputs"] == ["train.py"]
    assert not list((tmp_path / "regbench.db.commands").iterdir())


def test_inputs_that_change_between_plan_and_run_are_refused(tmp_path: Path) -> None:
    command(tmp_path, "write(val_rmse=1)", inputs=("train.py",))
    [(failure, message)] = work(tmp_path, code="0123456789abcdef").failed.values()
    assert failure == "configuration"
    assert message == "the inputs of mine have changed since the run was planned; run again"
