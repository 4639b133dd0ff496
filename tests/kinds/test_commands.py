"""A program of the user's as a job: what it writes, how it fails, how it is ended, and how it goes on."""

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from regbench import kinds
from regbench.errors import RegbenchError
from regbench.kinds.command.inputs import digest_of
from regbench.kinds.command.lines import Lines
from regbench.kinds.command.running import Running, visible
from regbench.runner.failures import classify
from tests.made.commands import command, job, program

SPAWNS = """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
write(val_rmse=0.5)
ready = Path(__file__).with_name("child")
ready.with_suffix(".new").write_text(str(child.pid))
ready.with_suffix(".new").replace(ready)
"""


def told(place: Path | None = None, **changes: Any) -> list[tuple[int, dict[str, float]]]:
    """The epochs of a whole run."""
    running = Running(job(**changes), "cpu", place)
    return [(epoch.number, {name: float(value[0]) for name, value in epoch.values.items()}) for epoch in running]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_every_line_is_an_epoch(tmp_path: Path) -> None:
    command(tmp_path, "for epoch in (1, 2, 5): write(epoch=epoch, val_rmse=1 / epoch, lr=float(sys.argv[1]))")
    assert told(seed=7) == [(epoch, {"val/rmse": 1 / epoch, "lr": 7.0}) for epoch in (1, 2, 5)]


def test_several_lines_may_tell_of_one_epoch_and_a_single_one_needs_no_number(tmp_path: Path) -> None:
    command(tmp_path, "write(val_rmse=0.5); write(test_rmse=0.6)")
    assert told() == [(1, {"val/rmse": 0.5, "test/rmse": 0.6})]


def test_placeholders_are_filled_and_no_shell_reads_them(tmp_path: Path) -> None:
    words = (sys.executable, "train.py", "{seed}", "{k}", "{dataset}", "{out}", "$HOME; {{echo}}")
    command(tmp_path, "(Path(__file__).parent / 'said').write_text(json.dumps(sys.argv[1:])); write(a=1)", words=words)
    told(seed=3, k=25, static=(("out", "a b"),))
    assert json.loads((tmp_path / "said").read_text()) == ["3", "25", "tests", "a b", "$HOME; {echo}"]


def test_a_shell_gets_quoted_values_where_one_is_asked_for(tmp_path: Path) -> None:
    words = (f"echo {{out}} > said && {sys.executable} train.py {{seed}}",)
    command(tmp_path, "write(val_rmse=1)", words=words, shell=True)
    told(static=(("out", "a; b $HOME"),))
    assert (tmp_path / "said").read_text() == "a; b $HOME\n"


@pytest.mark.parametrize(
    ("body", "failure", "message"),
    [
        (
            "write(epoch=1, val_rmse=1); print('why'); sys.exit(3)",
            "user code",
            "ended with exit code 3: why\nthe end of its",
        ),
        ("os.kill(os.getpid(), 9)", "resources", "was killed by signal 9 (by the system, out of memory?)"),
        ("sys.exit('CUDA out of memory')", "resources", "ended with exit code 1: CUDA out of memory\n"),
        ("pass", "user code", "ended and wrote no number to the file in $REGBENCH_METRICS"),
        ("write(epoch=3, val_rmse=1); write(epoch=2, val_rmse=1)", "user code", "line 2 of $REGBENCH_METRICS is of ep"),
        ("write(epoch=0, val_rmse=1)", "user code", "line 1 of $REGBENCH_METRICS has epoch 0, and epochs count from 1"),
        ("write(epoch='a', val_rmse=1)", "user code", "has the epoch 'a', which must be a whole number"),
        ("write(val_rmse=1); write(val_rmse=2)", "user code", "has val/rmse of epoch 1 a second time; give each line"),
        ("write(val_rmse='low')", "user code", "has val/rmse = 'low', which must be a number"),
        ("write(seconds=1)", "user code", "names a number seconds, which regbench measures itself"),
        ("write(epoch=1, a=1); write(epoch=2, a=1)", "user code", "no line has val/rmse, which decides which of its 2"),
        ("open(os.environ['REGBENCH_METRICS'], 'w').write('epoch 1\\n')", "user code", "is not JSON: 'epoch 1'"),
        (
            "open(os.environ['REGBENCH_METRICS'], 'w').write('[1]\\n')",
            "user code",
            'an object such as {"epoch": 1, "val',
        ),
        ("time.sleep(60)", "configuration", "took longer than its time_limit of 0.6 s and was ended, in epoch 1"),
    ],
)
def test_a_failure_is_one_clear_line_in_the_right_class(tmp_path: Path, body: str, failure: str, message: str) -> None:
    command(tmp_path, body, limit_s=0.6 if "sleep" in body else None)
    with pytest.raises(RegbenchError) as error:
        told()
    assert message in str(error.value)
    assert classify(error.value) == failure


def test_a_program_that_does_not_exist_is_a_wrong_configuration(tmp_path: Path) -> None:
    command(tmp_path, words=("pyhton", "train.py"))
    with pytest.raises(RegbenchError, match="mine: the program 'pyhton' cannot be started: No such file") as error:
        told()
    assert classify(error.value) == "configuration"


def test_numbers_that_are_none_are_kept_as_such(tmp_path: Path) -> None:
    command(tmp_path, "write(epoch=1, val_rmse=float('nan'), test_rmse=None)")
    [(_, values)] = told()
    assert [str(value) for value in values.values()] == ["nan", "nan"]


def test_of_much_output_the_end_is_kept(tmp_path: Path) -> None:
    command(tmp_path, "[print('x' * 1000, n) for n in range(3000)]; print('the end'); sys.exit(1)")
    with pytest.raises(RegbenchError) as error:
        told()
    lines = str(error.value).splitlines()
    assert lines[-1] == "the end"
    assert len(lines) == 22


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    file = tmp_path / "metrics"
    lines = Lines(file)
    file.write_text('{"epoch": 1, "a": 1}\n{"epoch": 2, ')
    assert list(lines.new()) == []
    file.write_text('{"epoch": 1, "a": 1}\n{"epoch": 2, "a": 3}')
    assert list(lines.new()) == []
    assert list(lines.new(ended=True)) == [(1, {"a": 1.0}), (2, {"a": 3.0})]


def test_a_file_that_is_written_anew_is_told(tmp_path: Path) -> None:
    file = tmp_path / "metrics"
    lines = Lines(file)
    file.write_text('{"epoch": 1, "a": 1}\n')
    assert list(lines.new()) == []
    file.write_text("{}\n")
    with pytest.raises(RegbenchError, match="became shorter: its lines must stay, so open it to append, with mode 'a'"):
        list(lines.new())


@pytest.mark.parametrize("then", ["time.sleep(600)", "signal.signal(15, lambda *_: sys.exit()); time.sleep(600)", ""])
def test_its_children_end_with_it(tmp_path: Path, then: str) -> None:
    """At a stop, whether or not it handles the signal, and at its end."""
    command(tmp_path, SPAWNS + then + "\n")
    with closing(Running(job(), "cpu").watch()) as epochs:
        child = next(int(told.read_text()) for _ in epochs if (told := tmp_path / "child").exists())
        assert not gone(child)
        list(epochs if not then else ())
    assert gone(child)


def test_a_program_whose_worker_was_killed_is_ended_before_the_next_attempt(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as orphan:
        created = psutil.Process(orphan.pid).create_time()
        (tmp_path / "process.json").write_text(json.dumps([orphan.pid, created]))
        command(tmp_path, "write(val_rmse=1)")
        told(tmp_path)
        assert gone(orphan.pid)


WORKER = """
import os, sys
from pathlib import Path
from typing import Any
from regbench.kinds.command.program import Program
Program("mine", [sys.executable, "train.py"], Path(), {"REGBENCH_CHECKPOINT": ".", "REGBENCH_METRICS": "metrics"})
while not Path("child").exists():
    pass
os.kill(os.getpid(), 9)
"""


def test_a_program_ends_with_its_children_when_its_worker_is_killed(tmp_path: Path) -> None:
    program(tmp_path, SPAWNS + "time.sleep(600)\n")
    assert subprocess.run([sys.executable, "-c", WORKER], cwd=tmp_path, check=False).returncode == -9
    child, until = int((tmp_path / "child").read_text()), time.monotonic() + 20
    while not gone(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert gone(child)


ONWARD = """
state = kept / "state"
first = int(state.read_text()) if state.exists() else 1
for epoch in range(first, 5):
    write(epoch=epoch, val_rmse=epoch + first / 10)
    if epoch == 3 and first == 1:
        sys.exit("lost")
    state.write_text(str(epoch + 1))
"""


def test_a_program_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """What it had written before stays, up to where it goes on."""
    command(tmp_path, ONWARD)
    with pytest.raises(RegbenchError, match="lost"):
        told(tmp_path / "job")
    expected = [(1, 1.1), (2, 2.1), (3, 3.3), (4, 4.3)]
    assert told(tmp_path / "job") == [(epoch, {"val/rmse": pytest.approx(value)}) for epoch, value in expected]
    assert told(tmp_path / "job") == [(epoch, {"val/rmse": pytest.approx(value)}) for epoch, value in expected]


def test_a_program_without_a_checkpoint_starts_again(tmp_path: Path) -> None:
    command(tmp_path, "write(epoch=1, val_rmse=1); write(epoch=2, val_rmse=2); sys.exit(int(sys.argv[1]))")
    with pytest.raises(RegbenchError):
        told(tmp_path / "job", seed=1)
    assert [epoch for epoch, _ in told(tmp_path / "job", seed=0)] == [1, 2]


def test_the_digest_is_of_the_command_line_and_the_inputs_and_the_key_of_neither(tmp_path: Path) -> None:
    (tmp_path / "src" / "__pycache__").mkdir(parents=True)
    program(tmp_path / "src", "", "model.py")
    inputs = ("src", "train.py")
    key, before = job().key, digest_of(command(tmp_path, inputs=inputs))
    (tmp_path / "src" / "__pycache__" / "model.pyc").write_text("made by Python")
    (tmp_path / "src" / ".hidden").write_text("made by an editor")
    (tmp_path / "other.py").write_text("not an input")
    assert digest_of(command(tmp_path, inputs=inputs)) == before == kinds.code_digest(job())
    program(tmp_path / "src", "# a comment", "model.py")
    changed = digest_of(command(tmp_path, inputs=inputs))
    assert changed not in (before, digest_of(command(tmp_path, inputs=inputs, words=("other",))))
    assert job().key == key


def test_a_program_sees_the_gpu_of_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-7f")
    assert visible("cuda:1", None) == {"CUDA_VISIBLE_DEVICES": "GPU-7f"}
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert visible("cuda:1", 1) == {"CUDA_VISIBLE_DEVICES": "1"}
    assert visible("cuda:1", 0) == visible("cpu", None) == {"CUDA_VISIBLE_DEVICES": ""}
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
