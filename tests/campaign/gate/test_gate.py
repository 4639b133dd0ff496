"""The whole gate, on commits of a copy of the package: a broken loss turns it red, a harmless change does not."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from regbench.roots import PACKAGE
from tests.made.data_samples import table, write_csv

FILE = """
tiny:
  datasets: [diamonds]
  methods: [lsq, soft_binning]
  k: [5]
  seeds: 4
  protocol: {epochs: 6, batch_size: 32, learning_rate: 1e-2}
  backbones: {mlp: {width: 16}}
"""
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
LOSS = "return (y_BM - prediction_BM).square().sum(-1)"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Home:
    """A repository with a copy of the package, a table, and a baseline."""

    folder: Path

    def call(self, *command: object) -> "subprocess.CompletedProcess[str]":
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "REGBENCH_CACHE": str(self.folder.parent / "cache"),
        }
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def regbench(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.call(sys.executable, "-m", "regbench", *words)

    def gate(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.regbench("gate", "--baseline", "a.lock.yaml", "--devices", "cpu", *words)

    def git(self, *words: str) -> str:
        done = self.call("git", *IDENTITY, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def change(self, before: str, after: str, file: str = "regbench/methods/shared/encoder.py") -> None:
        text = (self.folder / file).read_text()
        assert before in text
        (self.folder / file).write_text(text.replace(before, after))


@pytest.fixture(scope="module")
def blessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository once its results are blessed."""
    home = Home(tmp_path_factory.mktemp("blessed") / "home")
    shutil.copytree(PACKAGE, home.folder / "regbench", ignore=shutil.ignore_patterns("__pycache__"))
    (home.folder / "benchmarks.yaml").write_text(FILE)
    (home.folder / ".gitignore").write_text("results\n__pycache__\n")
    write_csv(home.folder / "table.csv", table(150, noise=0.3))
    home.git("init", "-q")
    home.git("add", "-A")
    home.git("commit", "-q", "-m", "a version")
    said = home.regbench("run", "tiny", "--data", "table.csv", "--target", "y", "--devices", "cpu", "--workers", "1")
    assert said.returncode == 0, said.stderr
    said = home.regbench("bless", "--reason", "A test.", "--output", "a.lock.yaml")
    assert said.returncode == 0, said.stderr
    home.git("add", "-A")
    home.git("commit", "-q", "-m", "its results")
    return home.folder


@pytest.fixture
def home(blessed: Path, tmp_path: Path) -> Home:
    """A copy of it, to be changed."""
    return Home(Path(shutil.copytree(blessed, tmp_path / "home", symlinks=True)))


def test_a_harmless_refactor_passes_and_is_told_to_have_other_code(home):
    home.change(LOSS, "# The squared error.\n    apart_BM = y_BM - prediction_BM\n    return apart_BM.square().sum(-1)")
    said = home.gate("--junit", "gate.xml")
    assert said.returncode == 0, said.stderr
    assert "same: 2 cells" in said.stdout
    assert "bit for bit (4 runs replayed)" in said.stdout
    assert "the code of 1 cell is not that of the baseline and gives the same numbers" in said.stderr
    assert (home.folder / "gate.xml").is_file()


def test_a_broken_loss_turns_the_gate_red_after_fresh_seeds_confirmed_it(home):
    home.change(LOSS, LOSS.replace("y_BM - p", "0.5 * y_BM - p"))
    said = home.gate("--json")
    assert said.returncode == 4, said.stderr
    data = json.loads(said.stdout)["data"]
    verdicts = {cell["cell"].split()[1]: (cell["verdict"], cell["how"]) for cell in data["cells"]}
    assert verdicts == {"lsq": ("regressed", "confirmed"), "soft_binning": ("same", "replayed")}
    assert data["trained"] == {"replay": 4, "baseline": 8, "present": 8, "cached": 0}
    assert home.git("worktree", "list").count("\n") == 1
