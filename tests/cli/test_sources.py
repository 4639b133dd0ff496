"""Which benchmark a report uses, and what is compared with its cells."""

from pathlib import Path

import pytest

from regbench import reports
from regbench.cli.sources import Source
from regbench.errors import NothingMeasured, UsageError
from regbench.store import Store
from tests.store.conftest import job, labelled, train


@pytest.fixture
def db(tmp_path: Path) -> str:
    """A database in which `bridges` was run before `smoke`."""
    path = tmp_path / "regbench.db"
    with Store.open(path) as store:
        for seed, name in enumerate(("bridges-baselines", "bridges", "smoke")):
            store.add_benchmark(name, {}, labelled(job(seed=seed)))
            train(store, job(seed=seed))
    return str(path)


def over(db: str, name: str, asked: str | None = None) -> str | None:
    with Source(db, None) as source:
        return source.find(reports.load(name), name, benchmark=asked, metric="rmse", units="scaled").benchmark


def test_a_report_is_over_its_own_benchmark_or_the_one_run_last(db: str) -> None:
    assert [over(db, name) for name in ("table2", "figure3", "normalized", "curves")] == [
        "bridges", "bridges", "smoke", "smoke",
    ]  # fmt: skip
    assert over(db, "table2", "smoke") == "smoke"
    with pytest.raises(UsageError, match="did you mean 'smoke'"):
        over(db, "table2", "smok")


def test_a_variant_of_its_own_benchmark_will_do(db: str) -> None:
    with Store.open(db) as store:
        store.add_benchmark("bridges-figure5[epochs=2]", {}, labelled(job()))
        store.add_benchmark("smoke", {}, labelled(job()))
    assert over(db, "figure5") == "bridges-figure5[epochs=2]"


def test_a_report_of_one_benchmark_alone_says_how_to_run_it(db: str) -> None:
    with pytest.raises(NothingMeasured, match="shows benchmark bridges-figure5, which is not here; `regbench run bri"):
        over(db, "bridges_figure5")


def test_reference_models_are_laid_beside_the_cells_where_they_were_run(db: str) -> None:
    with Source(db, None) as source:
        frames = [
            source.find(reports.load(name), name, benchmark="bridges", metric="rmse", units="scaled").frame
            for name in ("table2", "normalized")
        ]
    assert [list(frame["benchmark"]) for frame in frames] == [["bridges", "bridges-baselines"], ["bridges"]]
