"""A database on a network file system is worked on in scratch: locked for others, and always whole where it belongs."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from regbench import settings
from regbench.errors import InfrastructureError, UsageError
from regbench.store import Store, checkpoints, lock, mounts, scratch
from regbench.store.values import Checkpoint
from tests.store.conftest import job, labelled, take, train


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The place of a database that is treated as if it were on a network file system; scratch is beside it."""
    (tmp_path / "scratch").mkdir()
    for name in lock.BATCH:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SLURM_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setenv(settings.SCRATCH, "1")
    yield tmp_path / "home" / "x.db"
    scratch._held.clear()


def seeds(path: Path) -> list[int]:
    """The seeds that are finished in the file as it lies there, without its being opened by regbench."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        query = "SELECT j.seed FROM run r JOIN job j ON j.id = r.job_id WHERE r.status = 'finished' ORDER BY 1"
        return [seed for (seed,) in connection.execute(query)]


def work(home: Path, *, seed: int = 0) -> None:
    with Store.open(home) as store:
        store.add_benchmark("small", {"seeds": seed}, labelled(job(seed=seed)))
        train(store, job(seed=seed))


def test_work_is_done_in_scratch_and_snapshots_go_back(home: Path, capsys: pytest.CaptureFixture[str]):
    work(home, seed=0)
    assert seeds(home) == []  # the first snapshot, of an empty database
    assert capsys.readouterr().err.count("losing this machine costs at most the last minute") == 1
    scratch.send()
    assert seeds(home) == [0]
    work(home, seed=1)
    with Store.open(home, read_only=True) as store:  # this process sees what it has written
        assert len(store.runs()) == 2
        assert store.place == str(home)
    assert seeds(home) == [0]
    scratch.finish()
    assert seeds(home) == [0, 1]
    assert sorted(path.name for path in home.parent.iterdir()) == ["x.db"]
    assert list((home.parents[1] / "scratch").iterdir()) == []
    with Store.open(home, read_only=True) as store:
        assert len(store.runs()) == 2


def test_the_next_process_goes_on_from_the_snapshot_also_with_large_checkpoints(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(checkpoints, "LARGEST_IN_DATABASE", 10)
    with Store.open(home) as store:
        store.add_benchmark("small", {}, labelled(job()))
        claims = take(store, job())
        store.write([], claims=claims, checkpoints=[Checkpoint(claims[0].run_id, 1, b"a state of a run")])
        scratch.send()
        store.write([], claims=claims, checkpoints=[Checkpoint(claims[0].run_id, 2, b"another state of it")])
    scratch.finish()
    assert len(list(home.with_name("x.db.checkpoints").iterdir())) == 1
    with Store.open(home) as store:
        assert store.checkpoint(claims[0].run_id) == b"another state of it"


OTHER = """
import sys
from regbench.store import Store
from regbench.errors import RegbenchError
try:
    Store.open(sys.argv[1])
except RegbenchError as error:
    print(error)
"""


def test_another_process_is_kept_out_and_told_who_works_there(home: Path):
    work(home)
    said = subprocess.run([sys.executable, "-c", OTHER, home], check=True, capture_output=True, text=True)
    assert f"process {os.getpid()} on" in said.stdout
    assert f"if it is gone for certain, remove {home}.lock" in said.stdout
    scratch.finish()
    said = subprocess.run([sys.executable, "-c", OTHER, home], check=True, capture_output=True, text=True)
    assert said.stdout == ""


KILLED = """
import os, sys
from pathlib import Path
from tests.store.test_scratch import work
from regbench.store import scratch
work(Path(sys.argv[1]), seed=0)
scratch.send()
work(Path(sys.argv[1]), seed=1)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("scratch_is_left", [True, False])
def test_after_a_kill_the_next_process_of_the_machine_takes_over(home: Path, scratch_is_left: bool):
    """With what is in scratch if that is still there, or else from the last snapshot."""
    subprocess.run([sys.executable, "-c", KILLED, home], check=False, cwd=Path(__file__).parents[2])
    assert lock.path_of(home).exists()
    if not scratch_is_left:
        shutil.rmtree(home.parents[1] / "scratch")
        (home.parents[1] / "scratch").mkdir()
    work(home, seed=2)
    scratch.finish()
    assert seeds(home) == ([0, 1, 2] if scratch_is_left else [0, 2])


def elsewhere(home: Path, **changes: object) -> lock.Holder:
    """A lock of a process on another machine."""
    found = replace(lock.Holder("node7/pid:[1]|4711|12.50", "Slurm", "99", 0, 1e9), **changes)  # type: ignore[arg-type]
    home.parent.mkdir(exist_ok=True)
    lock.path_of(home).write_text(json.dumps(asdict(found)))
    return found


def test_a_batch_job_that_was_started_again_takes_over_from_itself(home: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere(home)
    monkeypatch.setenv("SLURM_JOB_ID", "99")
    with pytest.raises(InfrastructureError, match=r"process 4711 on node7, Slurm job 99 has been.*remove .*x.db.lock"):
        work(home)  # another step of the same job may live
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    work(home)
    assert lock.holder(lock.path_of(home)) == scratch._held[home].holder


@pytest.mark.parametrize(
    ("answer", "gone"),
    [("echo RUNNING", False), ("true", True), ("echo 'Invalid job id specified' >&2; exit 1", True), ("exit 1", False)],
)
def test_the_scheduler_is_asked_whether_a_batch_job_lives(
    home: Path, monkeypatch: pytest.MonkeyPatch, answer: str, gone: bool
):
    held = elsewhere(home)
    program = home.parent / "squeue"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home.parent}:{os.environ['PATH']}")
    assert held.is_gone() is gone


def test_where_a_lock_was_taken_away_nothing_is_written_over(home: Path):
    work(home)
    scratch.send()
    elsewhere(home)
    work(home, seed=1)
    with pytest.raises(InfrastructureError, match="its lock was taken away") as refused:
        scratch.finish()
    assert seeds(home) == [0]
    place = Path(str(refused.value).split("`")[1].split()[3])
    with Store.open(place, read_only=True) as store:
        assert len(store.runs()) == 2
    assert lock.path_of(home).exists()


def test_a_snapshot_that_cannot_be_written_leaves_the_results_in_scratch(home: Path):
    work(home)
    home.with_name("x.db.part").mkdir()  # in the way of the next snapshot
    with pytest.raises(InfrastructureError, match="no snapshot can be written there") as refused:
        scratch.finish()
    place = str(refused.value).partition("the results are in ")[2].partition(";")[0]
    with Store.open(place, read_only=True) as store:
        assert len(store.runs()) == 1
    assert not lock.path_of(home).exists()


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """A table of mounted file systems as the kernel writes it."""

    def written(*lines: str) -> Path:
        path = tmp_path / "mounts"
        path.write_text("".join(f"{line} rw,relatime 0 0\n" for line in lines))
        return path

    return written


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "lustre", "gpfs", "fuse.sshfs", "beegfs", "fuse.juicefs"])
def test_a_network_file_system_is_known_by_its_mount(table: Callable[..., Path], kind: str):
    mounted = table(
        "/dev/sda1 / ext4", f"server:/home /home {kind}", "tmpfs /home/me/scratch tmpfs", "o /o fuse.overlayfs"
    )
    assert mounts.network(Path("/home/me/regbench.db"), mounted) == kind
    for local in ("/home/me/scratch/regbench.db", "/var/regbench.db", "/o/regbench.db"):
        assert mounts.network(Path(local), mounted) is None


def test_the_file_system_decides_unless_the_variable_does(
    tmp_path: Path, table: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mounts.network, "__defaults__", (table(f"server:/x {tmp_path} nfs4"),))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv(settings.SCRATCH, raising=False)
    assert scratch.wanted(tmp_path / "x.db") == "nfs4"
    with pytest.raises(InfrastructureError, match=r"no local folder is there to work in .* set TMPDIR"):
        Store.open(tmp_path / "x.db")
    monkeypatch.setenv(settings.SCRATCH, "0")
    assert scratch.wanted(tmp_path / "x.db") is None
    monkeypatch.setenv(settings.SCRATCH, "maybe")
    with pytest.raises(UsageError, match="REGBENCH_SCRATCH=maybe: must be 1 or 0"):
        settings.check()
