"""`bless` records finished runs of the present code, and refuses what a reviewer would not see."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from regbench import config, kinds, provenance, variants
from regbench.campaign.gate import file
from regbench.store import EpochRows, Finished, Store
from tests.cli.conftest import Command

Errors = Callable[[str, int], float]  # of a method and a seed, at the best epoch
ENVIRONMENT = {"machine": "m", "processor": "p", "flags": {}, "libraries": dict.fromkeys(provenance.LIBRARIES, "1")}
METRICS = ("val/rmse", "val/mae", "test/rmse", "test/mae")
REASON = ("--reason", "They are right.")


def usual(method: str, seed: int) -> float:
    return (0.1 if method == "lsq" else 0.09) * (1 + 0.01 * seed)


def fill(path: Path, errors: Errors = usual, seeds: int = 4, code: str = "") -> None:
    """A database in which the present code has finished two methods of smoke; the second of two epochs is best."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    known = config.load()
    wanted = config.filter_jobs(
        known.variant("smoke", {}, config.Own(seeds=tuple(range(seeds)))), methods=["lsq", "soft_binning"]
    )
    with Store.open(path) as store:
        store.add_benchmark("smoke", wanted.config, [(job, variants.of_job(job)) for job in wanted.jobs])
        digests = {job.key: code or kinds.code_digest(job) for job in wanted.jobs}
        claims = store.claim(digests, owner="test", lease_s=60, environment=ENVIRONMENT, device="cpu")
        by_key = {job.key: job for job in wanted.jobs}
        rows, finished = [], []
        for claim in claims:
            job = by_key[claim.key]
            error = errors(job.method, job.seed)
            for epoch, worse in ((1, 2.0), (2, 1.0)):
                rows.append(EpochRows(claim.run_id, epoch, dict.fromkeys(METRICS, worse * error)))
            finished.append(Finished(claim.run_id, seconds=1.0, epochs=2, diverged_at=None if error < math.inf else 1))
        store.write(rows, claims=claims)
        store.finish(finished, claims=claims)


@pytest.fixture
def db(in_tmp: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The usual database, made once for all tests."""
    path, kept = in_tmp / "results" / "regbench.db", tmp_path_factory.getbasetemp() / "blessed.db"
    if not kept.exists():
        fill(path)
        shutil.copy(path, kept)
    path.parent.mkdir(exist_ok=True)
    return Path(shutil.copy(kept, path))


def test_runs_are_recorded_with_all_that_it_takes_to_train_them_again(regbench: Command, db: Path):
    said = regbench("bless", "smoke", *REASON, "--metric", "mae")
    assert said.code == 0, said.err
    assert "note: no git commit: this baseline can only be replayed" in said.err
    lock = file.read(Path("regbench.lock.yaml"))
    assert (lock.metric, lock.reason, lock.benchmark) == ("test/mae", "They are right.", "smoke")
    jobs = config.load().get("smoke").jobs
    assert {job for job in jobs if job.method in ("lsq", "soft_binning")} < set(lock.jobs.values())
    cells = {cell.cell: cell for cell in lock.cells}
    assert set(cells) == {"diamonds lsq", "diamonds soft_binning k=25"}
    run = cells["diamonds lsq"].seeds[3]
    assert (run.epoch, run.values["test/mae"], run.values["val/rmse"]) == (2, usual("lsq", 3), usual("lsq", 3))
    assert lock.environments[run.on or ""]["processor"] == "p"


def test_a_part_of_a_benchmark_is_enough(regbench: Command, db: Path):
    assert regbench("bless", *REASON, "--method", "lsq", "--seed", "0-1", "--json").code == 0
    [cell] = file.read(Path("regbench.lock.yaml")).cells
    assert (cell.cell, list(cell.seeds)) == ("diamonds lsq", [0, 1])


def test_runs_of_other_code_and_jobs_without_a_run_are_refused(regbench: Command, filled: Path):
    said = regbench("bless", *REASON)
    assert (said.code, said.err.splitlines()[-1].partition(":")[0]) == (6, "regbench")
    assert "1 of 12 jobs have no finished run: `regbench run smoke` first" in said.err
    said = regbench("bless", *REASON, "--method", "lsq")
    assert said.code == 2
    assert "2 of 2 runs are of other code than the present one (diamonds lsq)" in said.err
    assert not Path("regbench.lock.yaml").exists()


def test_a_worsening_beyond_the_margin_is_recorded_only_if_that_is_said(regbench: Command, db: Path):
    assert regbench("bless", *REASON).code == 0
    fill(db, lambda method, seed: usual(method, seed) * (1.1 if method == "lsq" else 0.98))
    before = Path("regbench.lock.yaml").read_text()
    said = regbench("bless", *REASON)
    assert said.code == 4
    assert "it would record a worsening: diamonds lsq by 10.00 %; if it is meant, say so by --accept-worse" in said.err
    assert Path("regbench.lock.yaml").read_text() == before
    said = regbench("bless", "--reason", "It is faster.", "--accept-worse")
    assert said.code == 0, said.err
    assert "+10.00 %" in said.out
    lock = file.read(Path("regbench.lock.yaml"))
    assert (lock.worse, [each.reason for each in lock.history]) == (["diamonds lsq"], ["They are right."])
    assert regbench("bless", *REASON).code == 0  # what was accepted once is the level from then on


def test_detect_says_how_many_seeds_it_takes_and_keeps_no_more(regbench: Command, db: Path):
    said = regbench("bless", *REASON, "--detect", "2%")
    assert said.code == 0
    assert "a worsening of 2 % is found 8 times in 10 with" in said.err
    assert "`regbench run smoke --seed 0-" in said.err
    needed = regbench("bless", *REASON, "--detect", "20%", "--json").data["seeds_needed"]
    assert 2 <= needed < 4
    assert {len(cell.seeds) for cell in file.read(Path("regbench.lock.yaml")).cells} == {needed}


def test_a_diverged_run_is_null_in_the_file_and_a_worsening_where_there_was_none(regbench: Command, db: Path):
    assert regbench("bless", *REASON).code == 0
    fill(db, lambda method, seed: math.nan if (method, seed) == ("lsq", 2) else usual(method, seed))
    said = regbench("bless", *REASON)
    assert (said.code, "diamonds lsq diverges" in said.err) == (4, True)
    assert regbench("bless", *REASON, "--accept-worse").code == 0
    cells = file.read(Path("regbench.lock.yaml")).cells
    assert cells[0].seeds[2].values["test/rmse"] is None
