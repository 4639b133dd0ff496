"""Jobs trained again: the same bits in the same environment, the noise of the seeds elsewhere."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from regbench import catalog, runner
from regbench.campaign.replay import Asked, Replayed, choose, replay
from regbench.campaign.replay.ask import BEYOND, TOO_LONG
from regbench.errors import NothingMeasured, UsageError
from regbench.runner import Resources, make_plan
from regbench.store import DISTILLED, Adoption, Store, export, opened
from tests.engines.in_process import in_process
from tests.made.jobs import make_job
from tests.runner.plan.test_planning import benchmark

SEEDS = 5


@pytest.fixture
def trained(tmp_path: Path, house: str) -> Path:
    """A database with five seeds of two methods on a small table, trained in this process in one pack."""
    about = catalog.entry("datasets", house).arguments
    jobs = [
        replace(make_job(method, k=25, seed=seed, epochs=2), dataset=house, digest=about["digest"])
        for method in ("lsq", "soft_binning")
        for seed in range(SEEDS)
    ]
    path = tmp_path / "results.db"
    summary = runner.run(make_plan(benchmark(tuple(jobs)), None), str(path), in_process(["cpu"]))
    assert summary.finished == 2 * SEEDS
    return path


def again(store: Store, *names: str, **asked) -> list[Replayed]:
    chosen = choose(store, Asked(names, **asked), Resources())
    return list(replay(store, chosen, in_process(["cpu"])))


@pytest.fixture
def change(trained: Path) -> Callable[[str], None]:
    """Changes the database behind the store's back."""

    def execute(statement: str) -> None:
        with closing(sqlite3.connect(trained)) as connection:
            assert connection.execute(statement).rowcount > 0
            connection.commit()

    return execute


@pytest.fixture
def elsewhere(trained: Path) -> None:
    """The runs of the database are of another processor."""
    with closing(sqlite3.connect(trained)) as connection:
        (config,) = connection.execute("SELECT config FROM environment").fetchone()
        other = json.dumps({**json.loads(config), "processor": "another one"})
        connection.execute("UPDATE environment SET config = ?", (other,))
        connection.commit()


@pytest.fixture
def store(trained: Path) -> Iterator[Store]:
    with Store.open(trained, read_only=True) as found:
        yield found


def test_in_the_same_environment_every_number_of_a_pack_comes_again_alone(store: Store) -> None:
    runs = len(store.executions())
    found = again(store, "soft_binning", seeds=(0, 3))
    assert [(each.verdict, each.standing, each.why_not_exact) for each in found] == [("exact", "present", ())] * 2
    assert all(each.compared and each.compared.epochs == 2 and each.compared.numbers > 20 for each in found)
    assert len(store.executions()) == runs


def test_one_other_number_is_found_and_named(store: Store, change: Callable[[str], None]) -> None:
    change("UPDATE metric SET value = value * (1 + 1e-15) WHERE name = 'test/mae' AND epoch = 1")
    (found,) = again(store, "lsq", seeds=(1,))
    assert found.verdict == "differs"
    assert found.compared is not None
    assert found.compared.first is not None
    assert (found.compared.first.name, found.compared.first.epoch) == ("test/mae", 1)
    assert 0 < found.compared.worst < 1e-14


def test_elsewhere_the_noise_of_the_other_seeds_decides(
    store: Store, elsewhere: None, change: Callable[[str], None]
) -> None:
    (found,) = again(store, "lsq", seeds=(1,))
    assert (found.verdict, found.other_seeds) == ("consistent", SEEDS - 1)
    assert "processor another one" in found.why_not_exact[0]
    assert all(number.band is not None and number.band.seeds == SEEDS - 1 for number in found.numbers)
    change("UPDATE metric SET value = value * 1e6 WHERE name IN ('val/rmse', 'test/rmse')")
    (found,) = again(store, "lsq", seeds=(1,))
    assert found.verdict == "outside"


def test_without_enough_seeds_nothing_passes_silently(
    store: Store, elsewhere: None, change: Callable[[str], None]
) -> None:
    change("UPDATE run SET status = 'failed' WHERE job_id IN (SELECT id FROM job WHERE seed > 2)")
    (found,) = again(store, "lsq", seeds=(1,))
    assert (found.verdict, found.other_seeds) == ("no band", 2)


def test_code_that_was_adopted_must_give_the_same_bits_and_other_code_need_not(
    trained: Path, store: Store, change: Callable[[str], None]
) -> None:
    present = next(run.code_digest for run in store.executions() if run.method == "lsq")
    change("UPDATE run SET code_digest = 'older'")
    (found,) = again(store, "lsq", seeds=(0,))
    assert (found.verdict, found.standing, found.why_not_exact) == ("consistent", "outgrown", ("other code",))
    with Store.open(trained) as writing:
        writing.adopt([Adoption("older", present, "abc")])
    (found,) = again(store, "lsq", seeds=(0,))
    assert (found.verdict, found.standing, found.code) == ("exact", "adopted", "older")


def test_an_export_of_some_epochs_is_compared_at_these(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "out", part=DISTILLED)
    with opened(tmp_path / "out") as (exported, _):
        (found,) = again(exported, "lsq", seeds=(2,))
    assert found.verdict == "exact"
    assert found.compared is not None
    assert found.compared.epochs in (1, 2)


def test_a_job_is_found_by_the_beginning_of_its_key(store: Store) -> None:
    key = store.executions()[0].key
    chosen = choose(store, Asked((key[:8], key)), Resources())
    assert [candidate.job.key for candidate in chosen.candidates] == [key]
    with pytest.raises(UsageError, match="no job's key begins with"):
        choose(store, Asked(("0123456789abcdef",)), Resources())


def test_a_sample_is_drawn_again_by_its_number_and_spread_over_methods(store: Store) -> None:
    def drawn(draw: int) -> list[tuple[str, int]]:
        chosen = choose(store, Asked(sample=4, draw=draw), Resources())
        assert chosen.pool == 2 * SEEDS
        return [(candidate.job.method, candidate.job.seed) for candidate in chosen.candidates]

    assert drawn(0) == drawn(0)
    assert len({tuple(drawn(number)) for number in range(5)}) > 1
    assert all(sorted(method for method, _ in drawn(number)) == ["lsq"] * 2 + ["soft_binning"] * 2 for number in (0, 1))


def test_a_budget_leaves_out_what_does_not_fit_and_says_so(store: Store) -> None:
    asked = Asked(sample=2 * SEEDS)
    whole = choose(store, asked, Resources())
    half = choose(store, replace(asked, budget_s=(2 + whole.seconds) / 2), Resources())
    assert 0 < len(half.candidates) < 2 * SEEDS
    assert half.left_out == {BEYOND: 2 * SEEDS - len(half.candidates)}
    with pytest.raises(NothingMeasured, match=f"10 {TOO_LONG}"):
        choose(store, replace(asked, budget_s=0.1), Resources())
