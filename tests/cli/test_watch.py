"""`regbench watch`: one frame for pipes, and a live view that ends by itself or with Ctrl-C."""

import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

from regbench import config
from regbench.cli import frame
from regbench.job import Job
from regbench.store import Claim, EpochRows, Finished, Store
from tests.cli.conftest import Command

DATABASE = Path("results/regbench.db")
PATIENCE_S = 100.0


@pytest.fixture
def jobs() -> list[Job]:
    return list(config.load().get("smoke").jobs)


@pytest.fixture
def store(in_tmp: Path, jobs: list[Job]) -> Iterator[Store]:
    with Store.open(DATABASE) as opened:
        opened.add_benchmark("smoke", {}, [(job, job.method) for job in jobs])
        yield opened


def claim(store: Store, jobs: list[Job], *, lease_s: float = 60) -> list[Claim]:
    wanted = {job.key: "code" for job in jobs}
    return store.claim(wanted, owner="node7/pid:[1]|4711|1.00", lease_s=lease_s, environment={}, device="cpu")


def train(store: Store, claims: list[Claim], epoch: int, error: float) -> None:
    values = {"val/rmse": error, "seconds": 0.25}
    store.write([EpochRows(each.run_id, epoch, values) for each in claims], claims=claims)


def finish(store: Store, claims: list[Claim]) -> None:
    store.finish([Finished(each.run_id, seconds=1.0, epochs=2) for each in claims], claims=claims)


def test_a_frame_has_progress_packs_speed_time_left_and_failures(
    regbench: Command, store: Store, jobs: list[Job]
) -> None:
    claims = claim(store, jobs[:4])
    store.fail(claims[3:], failure_class="user code", error="ValueError: made up\nTraceback")
    for epoch, error in [(1, 0.4), (2, 0.2), (3, 0.1)]:
        train(store, claims[:3], epoch, error)
    said = regbench("watch")  # its output is no terminal
    assert (said.code, said.err) == (0, "")
    assert "\033" not in said.out
    benchmark, rest, failures, devices, packs = said.out.split("\n\n")
    assert benchmark.splitlines()[1].split()[:6] == ["smoke", "0/12", "3", "1", "0", "8"]
    assert rest.startswith("time left: about ")
    name = f"{jobs[3].method} k={jobs[3].k} seed={jobs[3].seed}" if jobs[3].k else f"lsq seed={jobs[3].seed}"
    assert failures.splitlines() == ["failed: 1 job", f"  diamonds, {name}: user code: ValueError: made up"]
    assert devices.splitlines()[1].split() == ["cpu", "node7", "1", "0", "240"]
    assert "█▅▁" in packs
    total = jobs[0].protocol.epochs
    assert packs.splitlines()[1].split()[:3] == ["4711", "diamonds", "3"]
    assert f" 3/{total} " in packs
    assert "0.1" in packs.splitlines()[1].replace("\N{NO-BREAK SPACE}", " ").split()
    assert said.out == regbench("watch", "smoke", "--once").out


def test_json_is_one_frame_at_full_precision(regbench: Command, store: Store, jobs: list[Job]) -> None:
    claims = claim(store, jobs[:2])
    train(store, claims, 1, 0.1 + 0.2)
    data = regbench("watch", "--json").data
    [pack] = data["packs"]
    assert (pack["host"], pack["process"], pack["curve"]) == ("node7", "4711", [[1, 0.1 + 0.2]])
    left = 2 * (jobs[0].protocol.epochs - 1) * 0.25
    assert pack["seconds_left"] == pytest.approx(left)
    assert data["seconds_left"] == pytest.approx(left + 10 * jobs[0].protocol.epochs * 0.25)
    assert (data["over"], data["devices"][0]["epochs_per_minute"]) == (False, pytest.approx(240))


def test_what_waits_and_who_is_silent_is_said(regbench: Command, store: Store, jobs: list[Job]) -> None:
    assert "nothing is running; 12 jobs pending, until `regbench run` goes on" in regbench("watch").out
    claim(store, jobs[:2], lease_s=-1)
    assert regbench("watch").out.splitlines()[-1].endswith("silent")


def test_a_frame_of_a_short_terminal_names_what_it_leaves_out(store: Store, jobs: list[Job]) -> None:
    for job in jobs[:3]:
        claim(store, [job])
    shown = frame.text(store.watch(), 1)
    assert shown.splitlines()[-1] == "... and 2 packs more"


def test_a_narrow_terminal_has_short_curves_and_no_wrapped_cell(
    regbench: Command, store: Store, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = claim(store, jobs)
    for epoch in range(1, 20):
        train(store, claims, epoch, 0.5 / epoch)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    lines = regbench("watch", "--once").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-2].split() == ["worker", "dataset", "jobs", "rows", "epoch", "curve", "val/rmse", "left"]
    assert lines[-1].split()[:4] == ["4711", "diamonds", "12", "6"]
    assert lines[-1].split()[5][0] == "█"
    assert len(lines[-1].split()[5]) == 8


def test_wrong_words_are_one_line_with_their_exit_code(regbench: Command) -> None:
    for seconds in ("0", "-1", "nan", "1e9"):
        said = regbench("watch", "--interval", seconds)
        assert (said.code, said.out) == (2, "")
        assert "must be from 0.1 to 3600 seconds" in said.err
    assert regbench("watch").code == 6
    with Store.open(DATABASE):
        pass
    said = regbench("watch")
    assert (said.code, said.out, said.err) == (0, "", "no benchmark yet; start with `regbench run smoke`\n")
    said = regbench("watch", "smok")
    assert said.code == 6


class Terminal:
    """`regbench watch` on a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        settings = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
        command = [sys.executable, "-m", "regbench", "watch", "--interval", "0.1", *words]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=settings, start_new_session=True
        )
        os.close(theirs)
        self.seen = ""

    def until(self, words: str) -> None:
        """Read until these words are shown."""
        self._read(lambda: words in self.seen)
        assert words in self.seen, self.seen

    def end(self) -> int:
        """Read to the end; the exit code."""
        self._read(lambda: False)
        os.close(self.ours)
        return self.process.wait(PATIENCE_S)

    def _read(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not enough() and time.monotonic() < deadline:
            try:
                got = os.read(self.ours, 65536)
            except OSError:  # the other side is closed
                return
            if not got:
                return
            self.seen += got.decode(errors="replace")


def test_a_live_view_follows_a_run_that_writes_and_ends_with_it(store: Store, jobs: list[Job]) -> None:
    claims = claim(store, jobs)
    total = jobs[0].protocol.epochs
    terminal = Terminal()
    terminal.until(f"0/{total}")
    for epoch in (1, 2):
        train(store, claims, epoch, 0.5 / epoch)
        terminal.until(f" {epoch}/{total}")
    finish(store, claims)
    assert terminal.end() == 0
    assert "12/12" in terminal.seen.rpartition("\033[?1049l")[2]  # the last frame stays after the screen is given back


@pytest.mark.slow
def test_ctrl_c_ends_a_live_view_gives_the_screen_back_and_leaves_the_run_alone(store: Store, jobs: list[Job]) -> None:
    claims = claim(store, jobs)
    terminal = Terminal("smoke")
    terminal.until("4711")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    after = terminal.seen.rpartition("\033[?1049l")[2]
    assert "regbench: interrupted" in after
    assert "Traceback" not in after
    train(store, claims, 1, 0.5)
    assert store.status()[0].running == 12


@pytest.mark.slow
def test_a_database_that_goes_away_ends_a_live_view_in_one_line(store: Store, jobs: list[Job]) -> None:
    claim(store, jobs)
    terminal = Terminal()
    terminal.until("4711")
    for path in DATABASE.parent.glob("regbench.db*"):
        path.unlink()
    assert terminal.end() == 6
    assert "regbench: there is no database results/regbench.db yet" in terminal.seen
