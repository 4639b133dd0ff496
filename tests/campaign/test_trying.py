"""Trying a loss: what is trained, and what it is compared with. The numbers are made up."""

from pathlib import Path

import pytest

from regbench import store as stores
from regbench.campaign import trying
from regbench.campaign.choosing import Wanted
from regbench.campaign.plugins import defined
from regbench.campaign.trying import Trial, check_others, judge
from regbench.errors import NothingMeasured, UsageError
from regbench.job import Job
from regbench.store import EpochRows, Finished, Store
from tests.contract.files import regularizer

LOSS = '"""Absolute errors."""\n\ndef criterion(prediction, target):\n    return (prediction - target).abs()\n'
TINY = """
tiny:
  datasets: [diamonds]
  methods: [lsq, soft_binning, ridge]
  k: [5]
  seeds: 3
  protocol: {epochs: 2}
"""
HOUSE = "tiny[data=house.csv:price]"
ERRORS = {"lsq": 0.05, "soft_binning": 0.04, "my_loss": 0.03}


@pytest.fixture
def tried(in_tmp: Path, house: str) -> Trial:
    """The loss on a small table."""
    (in_tmp / "my_loss.py").write_text(LOSS)
    (in_tmp / "benchmarks.yaml").write_text(TINY)
    found = defined("my_loss.py", "try", ("methods",))
    return trying.trial(found, Wanted(names=[HOUSE]))


def fill(
    path: str, benchmark: str, jobs: list[tuple[Job, str]], trained: list[Job], scored: tuple[str, ...] = ()
) -> None:
    """A database in which these jobs are finished, those of some methods with a score and errors on unseen rows."""
    with Store.open(path) as store:
        store.add_benchmark(benchmark, {}, jobs)
        claims = store.claim({job.key: "code" for job in trained}, owner="t", lease_s=60, environment={}, device="cpu")
        by_key = {job.key: job for job in trained}
        rows, finished = [], []
        for claim in claims:
            job = by_key[claim.key]
            error = ERRORS[job.method] * (1 + 0.01 * job.seed)
            values = {"val/rmse": error, "val/mae": error, "test/rmse": error, "test/mae": error / 2}
            if job.method in scored:
                values |= {"test/crps": error / 4, "test/unseen/rmse": 2 * error}
            rows.append(EpochRows(claim.run_id, 1, values))
            finished.append(Finished(claim.run_id, seconds=1.0, epochs=1))
        store.write(rows, claims=claims)
        store.finish(finished, claims=claims)


def labelled(of: Trial) -> list[tuple[Job, str]]:
    return [(job, of.benchmark.label(job)) for job in of.benchmark.whole]


def filled(of: Trial, folder: Path) -> tuple[str, Path]:
    """A database with only the user's row, and a published folder with the other rows of the benchmark."""
    mine = list(of.benchmark.jobs)
    others = [job for job in of.benchmark.whole if job.method in ("lsq", "soft_binning")]
    fill("mine.db", of.benchmark.name, labelled(of), mine)
    fill("others.db", "tiny", [(job, of.benchmark.label(job)) for job in others], others)
    with Store.open("others.db") as store:
        stores.export(store, folder / "deep" / "tiny")
    return "mine.db", folder


def test_only_the_users_row_is_to_be_trained(tried):
    assert {job.method for job in tried.benchmark.jobs} == {"my_loss"}
    assert [job.seed for job in tried.benchmark.jobs] == [0, 1, 2]
    assert tried.against == ("lsq", "soft_binning")
    assert tried.k == 5


def test_it_is_paired_with_published_runs_of_the_same_jobs(tried, in_tmp):
    db, folder = filled(tried, in_tmp / "published")
    verdict = judge(tried, db, str(folder))
    against_lsq, against_soft = verdict.comparisons
    assert against_lsq.overall.percent == pytest.approx(-40)
    assert against_soft.overall.percent == pytest.approx(-25)
    assert against_lsq.overall.pairs == 3
    assert verdict.sources[0] == f"runs of lsq: 3 from {folder / 'deep' / 'tiny'}"
    assert not verdict.crps
    assert not verdict.unseen


def test_runs_of_the_database_count_before_published_ones(tried, in_tmp):
    _, folder = filled(tried, in_tmp / "published")
    every = [job for job in tried.benchmark.whole if job.method in ("my_loss", "lsq")]
    fill("both.db", tried.benchmark.name, labelled(tried), every)
    said = judge(tried, "both.db", str(folder)).sources
    assert said[0] == "runs of lsq: 3 from this database"
    assert said[1].startswith("runs of soft_binning: 3 from ")


def test_runs_of_other_data_splits_or_protocols_are_other_jobs(tried, in_tmp):
    _, folder = filled(tried, in_tmp / "published")
    found = defined("my_loss.py", "try", ("methods",))
    longer = trying.trial(found, Wanted(names=[HOUSE], changes={"epochs": 3}))
    fill("longer.db", longer.benchmark.name, labelled(longer), list(longer.benchmark.jobs))
    said = (
        r"runs of lsq and soft_binning on the same jobs are neither in the database nor in .*published; `regbench run"
    )
    with pytest.raises(NothingMeasured, match=said):
        judge(longer, "longer.db", str(folder))
    with pytest.raises(NothingMeasured, match=said):
        check_others(longer, "none yet.db", str(folder))
    check_others(tried, "none yet.db", str(folder))


def test_nothing_is_said_of_a_row_without_runs(tried, in_tmp):
    fill("empty.db", tried.benchmark.name, labelled(tried), [])
    with pytest.raises(NothingMeasured, match="no run of my_loss is finished"):
        judge(tried, "empty.db", None)


def test_a_row_that_the_benchmark_lacks_is_refused(tried, in_tmp):
    found = defined("my_loss.py", "try", ("methods",))
    with pytest.raises(UsageError, match=r"--against end2end: tiny.* has lsq, ridge, soft_binning"):
        trying.trial(found, Wanted(names=[HOUSE]), against=["end2end"])


def test_scores_of_distributions_and_unseen_rows_are_compared_where_both_have_them(tried, in_tmp):
    every = [job for job in tried.benchmark.whole if job.method in ERRORS]
    fill("all.db", tried.benchmark.name, labelled(tried), every, scored=("my_loss", "soft_binning"))
    verdict = judge(tried, "all.db", None)
    against_lsq, against_soft = verdict.crps
    assert against_lsq.overall.percent == pytest.approx(100 * (0.03 / 4 / (0.05 / 2) - 1))  # of a point it is the MAE
    assert against_soft.overall.percent == pytest.approx(-25)
    (unseen,) = verdict.unseen
    assert (unseen.b, unseen.metric, unseen.rows) == ("soft_binning", "unseen/rmse", "unseen")
    assert unseen.overall.percent == pytest.approx(-25)


def test_a_regularizer_is_added_to_a_method_of_the_benchmark(tried, in_tmp):
    (in_tmp / "my_term.py").write_text(regularizer())
    found = defined("my_term.py", "try", ("methods", "regularizers"))
    of = trying.trial(found, Wanted(names=[HOUSE]), base="soft_binning", settings="[weight=0.2]")
    assert of.label == "soft_binning+my_term[weight=0.2]"
    assert [(job.seed, job.k) for job in of.benchmark.jobs] == [(0, 5), (1, 5), (2, 5)]
    assert {part.name for job in of.benchmark.jobs for part in job.parts} == {"my_term"}
