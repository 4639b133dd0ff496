"""Baselines are planned, fitted by real processes, stored and reported like methods."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from regbench import catalog, kinds, metrics
from regbench.cli.main import main
from regbench.config.benchmark import UNTRAINED
from regbench.fingerprint import Code, reach
from regbench.job import Job, Pack, pairs
from regbench.kinds import code_digest, fitted
from regbench.roots import PACKAGE
from regbench.runner import Resources, make_plan
from regbench.runner.plan.cost import epoch_cost, job_memory
from regbench.runner.plan.estimate import pack_seconds
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.packing import make_packs
from regbench.runner.work.signals import Stop, Stopped, stop_requests
from regbench.store import EpochRows, Finished, Store
from tests.baselines.samples import job
from tests.runner.plan.test_planning import a_job, benchmark, grid
from tests.runner.work.test_run import FINISHED, finished_once
from tests.store.conftest import take

OWN = Code({"regbench": PACKAGE})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(tmp_path / "regbench.db") as opened:
        yield opened


def on(dataset: str, name: str, seed: int = 0) -> Job:
    """The job of a baseline on a dataset of the catalog."""
    known = catalog.entry("baselines", name).arguments
    digest = catalog.entry("datasets", dataset).arguments["digest"]
    return Job(dataset, digest, name, seed, UNTRAINED, static=pairs(known.get("static", {})), backbone="none")


def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted, "_version", lambda name: "" if name == "xgboost" else "1.0")


@pytest.mark.slow
def test_a_run_fits_what_it_trains_beside_and_running_again_fits_nothing(project, capsys, monkeypatch):
    tiny = project(["lsq", "train_mean", "ridge", "random_forest"], seeds=2)
    first = tiny.run()
    assert first.returncode == 0, first.stderr
    assert finished_once(tiny)
    assert "Warning" not in first.stderr
    jobs = tiny.ask("SELECT method, k, seed, epochs FROM job ORDER BY method, seed")
    forests = [("random_forest", None, 0, 1), ("random_forest", None, 1, 1)]
    rest = [("ridge", None, 0, 1), ("train_mean", None, 0, 1)]
    assert jobs == [("lsq", None, 0, 2), ("lsq", None, 1, 2), *forests, *rest]
    names = tiny.ask(
        "SELECT DISTINCT m.name FROM metric m JOIN run r ON r.id = m.run_id JOIN job j ON j.id = r.job_id "
        "WHERE j.method = 'ridge' ORDER BY 1"
    )
    errors = [*metrics.needing("predictions"), "unseen/mae", "unseen/rmse"]  # some made rows stand in two parts
    measured = [f"{part}/{name}" for part in ("test", "val") for name in errors]
    assert [name for (name,) in names] == sorted(["chosen/alpha", "seconds", *measured])
    assert tiny.ask("SELECT COUNT(*) FROM prediction") == [(2 * 6,)]
    packs = "SELECT COUNT(DISTINCT r.pack) FROM run r JOIN job j ON j.id = r.job_id WHERE j.method != 'lsq'"
    assert tiny.ask(packs) == [(4,)]

    again = tiny.run("--verify-packing", "100%")
    assert again.returncode == 0, again.stderr
    assert "nothing to train" in again.stderr
    assert "6 jobs retrained alone, 6 bit for bit" in again.stderr
    assert tiny.ask(FINISHED) == [(6,)]

    monkeypatch.chdir(tiny.folder)
    assert main(["status"]) == 0
    assert "100%" in capsys.readouterr().out
    assert main(["report", "--normalize", "lsq"]) == 0
    rows = capsys.readouterr().out.splitlines()
    order = [name for line in rows for name in ("lsq", "train_mean", "ridge", "random_forest") if line.startswith(name)]
    assert order == ["lsq", "train_mean", "ridge", "random_forest"]
    assert rows[rows.index(next(line for line in rows if line.startswith("train_mean"))) - 1].startswith("----")
    assert main(["compare", "random_forest", "lsq"]) == 0


def test_a_baseline_is_a_pack_of_its_own():
    some = [on("wine_quality", name, seed) for name in ("ridge", "random_forest") for seed in range(3)]
    asked = set()

    def four(job: Job) -> int:
        asked.add(job.method)
        return 4

    packs = make_packs([*some, *grid(["wine_quality"], ["lsq"])], Resources(largest=four), Pace())
    assert all(len(pack.jobs) == 1 for pack in packs if kinds.is_reference(pack.jobs[0].method))
    assert len(packs) == len(some) + 2
    assert asked == {"lsq"}


def test_a_baseline_is_never_of_the_group_of_what_is_trained():
    assert Pack.group(on("wine_quality", "ridge")) != Pack.group(replace(a_job(), protocol=UNTRAINED))


def test_a_fit_costs_more_the_more_rows_and_inputs_there_are_and_the_larger_the_grid():
    costs = [epoch_cost(on(*each)) for each in [("wine_quality", "ridge"), ("superconductivity", "ridge")]]
    assert 0 < costs[0] < costs[1] < epoch_cost(on("superconductivity", "random_forest"))
    assert epoch_cost(on("retinamnist", "train_mean")) < 1
    assert 0 < job_memory(on("wine_quality", "knn")) < job_memory(on("diamonds", "knn"))


def test_what_a_fit_takes_is_learnt_from_the_store_and_never_from_a_training(store):
    forests = [on("wine_quality", "random_forest", seed) for seed in range(4)]
    plan = make_plan(
        benchmark((*forests, on("wine_quality", "ridge"))), None, Resources(calibrate=lambda *_: pytest.fail("asked"))
    )
    assert plan.price.estimate.basis == {"arithmetic": 1.0}
    store.add_benchmark("grid", {}, [(each, each.method) for each in forests])
    claims = take(store, *forests[:2], code=code_digest(forests[0]))
    store.write([EpochRows(each.run_id, 1, {"seconds": 50.0}) for each in claims], claims=claims)
    store.finish([Finished(each.run_id, seconds=50.0, epochs=1) for each in claims], claims=claims)
    after = make_plan(benchmark(tuple(forests)), store)
    assert (len(after.inventory.done), after.price.estimate.basis) == (2, {"history": 1.0})
    assert sum(pack_seconds(pack, Pace.of(store, ["cpu"])) for pack in after.packs) == pytest.approx(100, rel=0.05)


def test_a_library_that_is_missing_blocks_its_own_jobs_and_names_what_to_install(monkeypatch, store):
    without_libraries(monkeypatch)
    plan = make_plan(benchmark((on("wine_quality", "xgboost"), on("wine_quality", "ridge"))), store)
    assert [job.method for pack in plan.packs for job in pack.jobs] == ["ridge"]
    assert [job.method for job in plan.possible] == ["ridge"]
    assert set(plan.inventory.uninstalled) == {"xgboost"}
    assert "xgboost, which is not installed: pip install 'regbench[baselines]'" in plan.inventory.uninstalled["xgboost"]


@pytest.mark.slow
def test_a_run_without_a_library_says_so_in_one_line_and_runs_the_rest(project):
    """Run in separate processes, with a name that no distribution has."""
    file = (PACKAGE / "baselines" / "train_mean.py").read_text(encoding="utf-8")
    needy = file.replace("images=True,", 'requires="nobody-has-this",')
    tiny = project(["needy", "train_mean"], add={"baselines/needy.py": needy})
    said = tiny.run()
    assert said.returncode == 0
    assert len([line for line in said.stderr.splitlines() if line.startswith("blocked: needy needs the package")]) == 1
    assert "1 job finished, 0 done before, 1 blocked by a missing package" in said.stdout
    assert tiny.ask("SELECT blocked IS NULL FROM job ORDER BY method") == [(0,), (1,)]
    alone = tiny.run("--method", "needy")
    assert alone.returncode == 7
    assert "pip install 'regbench[baselines]'" in alone.stderr.splitlines()[-1]


def test_the_code_of_a_baseline_is_its_file_the_split_the_metric_and_its_libraries(monkeypatch):
    found = {f"{module}.{name}" for module, name in reach(OWN, fitted.starts("ridge", "none", ()))}
    assert {
        "regbench.baselines.ridge.ALPHAS",
        "regbench.baselines.baseline.choose",
        "regbench.kinds.fitted.fit",
        "regbench.metrics.rmse.rmse",
        "regbench.data.splits.split_rows",
    } <= found
    assert not any("training.step" in name or "knn" in name for name in found)
    before = code_digest(job("ridge"))
    assert before != code_digest(job("knn"))
    with monkeypatch.context() as patched:
        patched.setattr(fitted, "_version", lambda name: "another")
        kinds._code_digest.cache_clear()  # versions stay what they are in a running program
        assert code_digest(job("ridge")) != before
    kinds._code_digest.cache_clear()
    assert code_digest(job("train_mean")) == code_digest(job("train_mean", seed=1))


def test_a_request_to_stop_ends_a_fit_where_it_is():
    with stop_requests() as stop:
        with pytest.raises(Stopped), stop.at_once():
            os.kill(os.getpid(), signal.SIGTERM)
        assert not stop.now


def test_a_request_that_came_before_a_fit_keeps_it_from_beginning():
    with pytest.raises(Stopped), Stop(asked=True).at_once():
        pytest.fail("it began")
