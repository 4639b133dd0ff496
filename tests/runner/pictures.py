"""A benchmark on generated pictures in a folder of the user's: blocked, imported, killed while it trains, resumed."""

import sys
from dataclasses import dataclass
from pathlib import Path

import regbench
from tests.runner.conftest import Project, kill, kill_run

CURVES = """
    SELECT j.method, j.key, m.name, m.epoch, m.value
    FROM metric m JOIN run r ON r.id = m.run_id JOIN job j ON j.id = r.job_id
    WHERE r.status = 'finished' AND m.name NOT LIKE '%seconds%' ORDER BY 1, 2, 3, 4
"""
Curves = list[tuple]


@dataclass
class Pictures(Project):
    """A project whose dataset is a plug-in."""

    benchmark: str = ""

    def command(self, *arguments: str) -> list[str]:
        """Any command of regbench."""
        return [sys.executable, "-m", "regbench", *arguments]

    @property
    def training(self) -> tuple[str, ...]:
        """The arguments that train what is missing."""
        return ("run", self.benchmark, "--devices", "cpu", "--workers", "1")

    def said(self, *arguments: str) -> str:
        """The output of a command that succeeds."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self) -> str:
        """The message of a run that is blocked because the pictures are not here."""
        blocked = self.run(*self.training)
        assert blocked.returncode == 7
        return blocked.stderr

    def killed_and_resumed(self) -> Curves:
        """The curves of jobs whose run and workers are killed after the first checkpoint, and that then go on."""
        process = self.start(*self.training)
        self.wait_for("SELECT COUNT(*) FROM checkpoint", 100)
        workers = self.workers()
        kill_run(process)
        for worker in workers:
            kill(worker)
        self.said(*self.training)
        assert self.ask("SELECT COUNT(*) FROM run WHERE resumed IS NOT NULL") == [(2,)]
        return self.ask(CURVES)

    def uninterrupted(self) -> Curves:
        """The curves of the same jobs in a new database, without an interruption."""
        self.db.rename(self.folder / "resumed.db")
        self.environment["REGBENCH_WRITE_EVERY"] = "10"
        self.said(*self.training)
        return self.ask(CURVES)


def pictures(folder: Path, name: str, plugin: str, benchmark: str, text: str, patience: float) -> Pictures:
    """A project in a folder with the plug-in of a dataset of that name; `text` describes the benchmark."""
    (folder / "plug").mkdir()
    (folder / "plug" / f"{name}.py").write_text(plugin)
    (folder / "benchmarks.yaml").write_text(text)
    environment = {"REGBENCH_PLUGINS": str(folder / "plug"), "REGBENCH_WRITE_EVERY": "0.05"}
    package = Path(regbench.__file__).parents[1]
    return Pictures(folder, package, environment=environment, patience=patience, benchmark=benchmark)
