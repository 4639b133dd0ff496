"""A small benchmark on a generated table, run by real processes."""

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import regbench
from regbench.roots import PACKAGE
from tests.made.data_samples import table, write_csv

TINY = """
tiny:
  description: A test.
  datasets: [diamonds]
  methods: {methods}
  k: [5]
  seeds: {seeds}
  protocol: {{epochs: {epochs}, batch_size: 32{protocol}}}
  backbones: {{mlp: {{width: 16}}}}
"""


@dataclass
class Project:
    """A folder with a benchmark, a table and, after the first run, a database."""

    folder: Path
    package: Path  # the folder that holds the package `regbench`
    started: "list[subprocess.Popen[str]]" = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    patience: float = 120  # seconds for a command

    @property
    def db(self) -> Path:
        return self.folder / "results" / "regbench.db"

    def command(self, *arguments: str) -> list[str]:
        """Run with one worker by default, because each takes seconds to start."""
        own = ["--data", str(self.folder / "table.csv"), "--target", "y", "--devices", "cpu"]
        own += [] if "--workers" in arguments else ["--workers", "1"]
        return [sys.executable, "-m", "regbench", "run", "tiny", *own, *arguments]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        own = {"PYTHONPATH": str(self.package), "OMP_NUM_THREADS": "1", **self.environment}
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env={**os.environ, **own},
            text=True,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End all processes after the test; each leads its own process group."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments)
        out, err = process.communicate(timeout=self.patience)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def ask(self, query: str) -> list[tuple]:
        """Query the database directly, without regbench's code."""
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def wait_for(self, query: str, seconds: float = 60) -> None:
        """Wait until a query of a count returns more than 0."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self.db.exists() and self.ask(query)[0][0]:
                    return
            except sqlite3.OperationalError:
                pass  # the tables are being made
            time.sleep(0.05)
        raise AssertionError(f"waited {seconds} s for: {query}")

    def workers(self) -> list[int]:
        """The process numbers of the present owners of leases."""
        owners = self.ask("SELECT DISTINCT lease_owner FROM job WHERE lease_owner IS NOT NULL")
        return [int(owner.split("|")[1]) for (owner,) in owners]


ProjectMaker = Callable[..., Project]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectMaker]:
    """Makes a project: `project(methods=["lsq"], seeds=2, epochs=3)`; `add` puts files into a copy of the package."""

    made: list[Project] = []

    def make(
        methods: list[str],
        *,
        seeds: int = 1,
        epochs: int = 2,
        rows: int = 200,
        protocol: str = "",
        add: dict[str, str] | None = None,
    ) -> Project:
        write_csv(tmp_path / "table.csv", table(rows))
        text = TINY.format(methods=methods, seeds=seeds, epochs=epochs, protocol=protocol)
        (tmp_path / "benchmarks.yaml").write_text(text)
        package = Path(regbench.__file__).parent
        if add:
            package = Path(shutil.copytree(package, tmp_path / "copy" / "regbench"))
            for name, content in add.items():
                (package / name).write_text(content)
        made.append(Project(tmp_path, package.parent))
        return made[-1]

    yield make
    for each in made:
        each.end()


def with_constants(name: str, **values: float) -> dict[str, str]:
    """A file of the package with other values of its constants, for `add`: tests need not wait as long as users do."""
    text = (PACKAGE / name).read_text()
    for constant, value in values.items():
        text, found = re.subn(rf"^{constant} = [\d.]+", f"{constant} = {value}", text, flags=re.MULTILINE)
        assert found == 1, constant
    return {name: text}


def kill_run(process: "subprocess.Popen[str]") -> None:
    """kill -9 of a run, without waiting for its workers, which hold its pipes."""
    kill(process.pid)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()


def kill(pid: int) -> None:
    """kill -9 of a process that may have just ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
