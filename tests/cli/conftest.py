"""The command line in this process, and a database with made-up numbers."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from regbench import config, variants
from regbench.cli.main import main
from regbench.data.places import cache_folder
from regbench.store import EpochRows, Finished, Store

ERRORS = {
    "lsq": 0.05,
    "lsq_softmax": 0.05,
    "hard_binning": 0.045,
    "soft_binning": 0.04,
    "pretrained_encoder": 0.039,
    "end2end": 0.038,
}


@dataclass(frozen=True)
class Said:
    """The result of a command: exit code, output, messages."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The data inside the envelope."""
        return json.loads(self.out)["data"]


Command = Callable[..., Said]


@pytest.fixture
def measured(own_folders: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a plan measures of this machine is kept from test to test: each measurement takes half a second."""
    kept, own = (folder / "calibration.json" for folder in (tmp_path_factory.getbasetemp(), cache_folder()))
    if kept.exists():
        shutil.copy(kept, own)
    yield
    if own.exists():
        shutil.copy(own, kept)


@pytest.fixture
def regbench(
    in_tmp: Path, measured: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """`regbench("run", "smoke")` in an empty folder."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.setenv(name, "")

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def filled(in_tmp: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """results/regbench.db with the benchmark smoke finished, except for one failed job."""
    kept = tmp_path_factory.getbasetemp() / "filled.db"  # to make it takes longer than most tests that read it
    path = in_tmp / "results" / "regbench.db"
    path.parent.mkdir()
    if not kept.exists():
        fill(path)
        shutil.copy(path, kept)
    else:
        shutil.copy(kept, path)
    return path


def fill(path: Path) -> None:
    """Make the database."""
    jobs = config.load().get("smoke").jobs
    with Store.open(path) as store:
        labelled = [(job, variants.label(job.method, dict(job.hparams), dict(job.static))) for job in jobs]
        store.add_benchmark("smoke", {}, labelled)
        code = {job.key: "code" for job in jobs}
        claims = store.claim(code, owner="test", lease_s=60, environment={}, device="cpu")
        by_key = {job.key: job for job in jobs}
        failing = next(
            claim for claim in claims if (by_key[claim.key].method, by_key[claim.key].seed) == ("lsq_softmax", 1)
        )
        store.fail([failing], failure_class="user code", error="ValueError: made up")
        rows, finished = [], []
        for claim in claims:
            job = by_key[claim.key]
            if claim == failing:
                continue
            error = ERRORS[job.method] * (1 + 0.01 * job.seed)
            names = ("val/rmse", "val/mae", "test/rmse", "test/mae")
            rows += [EpochRows(claim.run_id, epoch, dict.fromkeys(names, error / epoch)) for epoch in (1, 2)]
            finished.append(Finished(claim.run_id, seconds=1.0, epochs=2))
        store.write(rows, claims=claims)
        store.finish(finished, claims=claims)
