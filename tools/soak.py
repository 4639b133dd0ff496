"""Kill a run at random instants, again and again: `.venv/bin/python tools/soak.py --kills 20`.

A small benchmark is trained once in peace and once under fire: SIGKILL to a worker, to the run, or to both, at random
moments, then the same command again. After each kill the database must hold every epoch it held before; at the end
every job must have one finished run whose curves and predictions equal, bit for bit, those of the run in peace.
"""

import argparse
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from regbench.store.owners import is_dead

BENCHMARK = """
soak:
  description: Killed again and again.
  datasets: [diamonds]
  methods: [lsq, lsq_softmax, soft_binning, end2end]
  k: [5]
  seeds: 3
  protocol: {{epochs: {epochs}, batch_size: 32}}
  backbones: {{mlp: {{width: 32}}}}
"""
VICTIMS = ("worker", "run", "both")
CURVES = """
SELECT j.key, m.name, m.epoch, m.value FROM metric m JOIN run r ON r.id = m.run_id JOIN job j ON j.id = r.job_id
WHERE r.status = 'finished' AND m.name NOT LIKE '%seconds' ORDER BY 1, 2, 3"""
PREDICTIONS = """
SELECT j.key, p.split, p.epoch, p.data FROM prediction p JOIN run r ON r.id = p.run_id JOIN job j ON j.id = r.job_id
ORDER BY 1, 2"""


def main() -> int:
    """Run both, compare, and print a report; returns 1 if something was lost, duplicated or different."""
    parser = argparse.ArgumentParser(description="Kill a run at random instants, again and again.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=None, help="of the kills; drawn and printed where not given")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    draw = random.Random(seed)
    print(f"{asked.kills} kills, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), asked.epochs)
        started = time.monotonic()
        troubles = [trouble for number in range(asked.kills) if (trouble := project.one_kill(number + 1, draw))]
        if project.start("fire").wait():
            troubles.append(f"the last run did not end well: {project.last_words('fire')}")
        under_fire = time.monotonic() - started
        started = time.monotonic()
        if project.start("peace").wait():
            troubles.append(f"the run in peace did not end well: {project.last_words('peace')}")
        in_peace = time.monotonic() - started
        troubles += project.differences()
        query = "SELECT COUNT(*), SUM(resumed IS NOT NULL) FROM run WHERE status = 'finished'"
        jobs, resumed = project.ask("fire", query)[0]
    print(f"{jobs} jobs finished, {resumed} had been resumed; {under_fire:.0f} s under fire, {in_peace:.0f} s in peace")
    print("\n".join(troubles) or "nothing lost, nothing doubled, every curve and prediction equal bit for bit")
    return 1 if troubles else 0


class Project:
    """A folder with a table, a benchmark, and two databases."""

    def __init__(self, folder: Path, epochs: int) -> None:
        self.folder = folder
        (folder / "benchmarks.yaml").write_text(BENCHMARK.format(epochs=epochs))
        draw = random.Random(0)
        rows = [(draw.random(), draw.random()) for _ in range(1000)]
        lines = [f"{a!r},{b!r},{(3 * a - b) ** 2 + draw.gauss(0, 0.1)!r}" for a, b in rows]
        (folder / "table.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """Start or resume the run of that name."""
        words = [sys.executable, "-m", "regbench", "run", "soak", "--data", "table.csv", "--target", "y"]
        words += ["--devices", "cpu", "--workers", "2", "--db", f"{name}.db"]
        environment = {**os.environ, "REGBENCH_WRITE_EVERY": "0.2"}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                words, cwd=self.folder, env=environment, start_new_session=True, stdout=log, stderr=log
            )

    def last_words(self, name: str) -> str:
        """The last line of a run's log."""
        return (self.folder / f"{name}.log").read_text().strip().rpartition("\n")[2]

    def ask(self, name: str, query: str) -> list[tuple]:
        """Query a database directly, without regbench's code."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.folder / name}.db?mode=ro", uri=True, timeout=60)
        ) as connection:
            return connection.execute(query).fetchall()

    def workers(self) -> list[int]:
        """The process ids of live workers that hold a lease."""
        try:
            owners = self.ask("fire", "SELECT DISTINCT lease_owner FROM job WHERE lease_owner IS NOT NULL")
        except sqlite3.OperationalError:
            return []
        return [int(owner.split("|")[1]) for (owner,) in owners if not is_dead(owner)]  # process ids are reused

    def epochs(self) -> dict[int, int]:
        """The last stored epoch of every run."""
        try:
            return dict(self.ask("fire", "SELECT run_id, MAX(epoch) FROM metric GROUP BY run_id"))
        except sqlite3.OperationalError:
            return {}

    def one_kill(self, number: int, draw: random.Random) -> str | None:
        """Run for a random time after the workers have started, then kill; returns a message if epochs were lost."""
        process = self.start("fire")
        until = time.monotonic() + 60
        while not self.workers() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 6))
        victims = draw.choice(VICTIMS)
        known, workers = self.epochs(), self.workers()
        if victims != "run":
            for pid in workers[: 1 if victims == "worker" else None]:
                kill(pid)
        if victims == "worker":
            time.sleep(draw.uniform(0, 2))  # the run notices and continues, before it is killed too
        kill(process.pid)
        process.wait()
        for pid in self.workers():
            kill(pid)
        now = self.epochs()
        lost = {run: (epoch, now.get(run)) for run, epoch in known.items() if now.get(run, 0) < epoch}
        print(f"kill {number:2d}: {victims:6s} at epochs {sorted(now.values())}", flush=True)
        return f"kill {number}: epochs that were stored are gone: {lost}" if lost else None

    def differences(self) -> list[str]:
        """The differences between the results in the two databases."""
        found = []
        twice = self.ask("fire", "SELECT job_id FROM run WHERE status = 'finished' GROUP BY job_id HAVING COUNT(*) > 1")
        if twice:
            found.append(f"jobs trained twice: {twice}")
        for what, query in (("curves", CURVES), ("predictions", PREDICTIONS)):
            if self.ask("fire", query) != self.ask("peace", query):
                found.append(f"the {what} differ")
        return found


def kill(pid: int) -> None:
    """Send SIGKILL to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
