"""`regbench why`: the runs behind a number, with their configuration, code, data, environment and choice."""

import json
from pathlib import Path

import numpy as np
import pytest

from regbench import catalog, kinds
from regbench.campaign.why.adopted import path
from regbench.job import Job
from regbench.store import Adoption, Store, export
from tests.cli.conftest import Command
from tests.made.damaged import fill
from tests.made.jobs import make_job


@pytest.fixture
def made(in_tmp: Path) -> str:
    """A database whose rows lsq and end2end have finished; a seed of soft_binning failed, one was interrupted."""
    fill(in_tmp / "made.db", make_job)
    return str(in_tmp / "made.db")


def test_a_cell_is_explained_from_its_runs_to_its_environment(regbench: Command, made: str) -> None:
    said = regbench("why", "end2end", "-b", "made", "--db", made)
    assert (said.code, said.err) == (0, "")
    for words in (
        "end2end at k = 25 on generated, benchmark made",
        "standard deviation of 3 of 3 seeds, of targets scaled to [0, 1]",
        "beside lsq",
        "method: end2end here, lsq there",
        "code code, seeds 0, 1, 2",
        "commit abc",
        "8 / 1 / 1 rows to train, validate and test; source: made",
        "split: fixed",
        "environment on cpu",
        "python 3",
    ):
        assert words in said.out


def test_the_number_is_that_of_the_tables(regbench: Command, made: str) -> None:
    found = regbench("why", "end2end", "-b", "made", "--db", made, "--json").data
    tests = [run["test"] for run in found["runs"]]
    assert found["mean"] == pytest.approx(np.mean(tests), rel=1e-12)
    assert found["std"] == pytest.approx(np.std(tests, ddof=1), rel=1e-12)
    for run in found["runs"]:
        curve = run["curves"]["val/rmse"]
        assert run["val"] == min(curve.values()) == curve[str(run["best_epoch"])]
        assert len(curve) == run["execution"]["epochs"]
    assert found["config"]["protocol.split"] == found["split"] == "fixed"


def test_the_sweep_that_chose_values_is_told(regbench: Command, made: str) -> None:
    said = regbench("why", "lsq", "-b", "made", "--db", made)
    assert "learning_rate=0.001, by the best val/rmse of sweep" in said.out
    assert "2 configurations tried, 0 diverged; val/rmse of the best 0.1, of the defaults 0.2" in said.out
    assert "on the edge of what was tried: learning_rate" in said.out
    assert regbench("why", "lsq", "-b", "made", "--db", made, "--json").data["choice"]["source"] == "sweep"


def test_seeds_without_a_finished_run_say_what_became_of_them(regbench: Command, made: str) -> None:
    said = regbench("why", "soft_binning", "-b", "made", "--db", made)
    assert "not accepted: failed, ValueError: made up" in said.out
    assert "not accepted: running" in said.out
    assert ", of 1 of 3 seeds" in said.out


def test_rows_are_told_apart_from_the_row_that_is_named(regbench: Command, made: str) -> None:
    asked = ("why", "end2end", "-b", "made", "--db", made, "--json")
    found = regbench(*asked, "--against", "soft_binning").data
    assert found["neighbour"] == "soft_binning at k = 25"
    assert found["unlike"]["method"] == ["end2end", "soft_binning"]
    assert regbench(*asked[:1], "lsq", *asked[2:]).data["neighbour"] is not None


def test_adopted_code_says_by_what_evidence(regbench: Command, made: str) -> None:
    job = make_job("lsq", seed=0)
    present = kinds.code_digest(job)
    with Store.open(made) as store:
        store.adopt([Adoption("code", "between", "c1", {"jobs": [1, 2], "numbers": 1234, "processor": "P"})])
        store.adopt([Adoption(present, "between", "c2", {"jobs": [1], "numbers": 5})])
    said = regbench("why", "lsq", "-b", "made", "--db", made)
    assert f"shown to compute the same as the present code, {present}" in said.out
    assert "2 jobs trained with both, 1,234 numbers alike to the last bit (on P)" in said.out
    found = regbench("why", "lsq", "-b", "made", "--db", made, "--json").data["codes"]
    assert [(code["standing"], len(code["evidence"])) for code in found] == [("adopted", 2)]


def test_code_that_was_outgrown_says_what_it_is_like(regbench: Command, made: str) -> None:
    said = regbench("why", "lsq", "-b", "made", "--db", made)
    assert "`regbench stale --why` names what changed" in said.out
    assert "shown to compute the same as code other" in said.out


def test_a_chain_of_adoptions_is_the_shortest_and_goes_both_ways() -> None:
    known = [Adoption(*pair, "c") for pair in (("a", "b"), ("c", "b"), ("c", "d"), ("a", "d"))]
    assert [(step.old, step.new) for step in path(known, "d", "b")] in (
        [("c", "d"), ("c", "b")],
        [("a", "d"), ("a", "b")],
    )
    assert path(known, "a", "a") == path(known, "a", "unknown") == ()


def test_an_export_is_explained_like_its_database(regbench: Command, made: str, tmp_path: Path) -> None:
    with Store.open(made, read_only=True) as store:
        export(store, tmp_path / "out")
    asked = ("why", "end2end", "-b", "made", "--json")
    one, other = regbench(*asked, "--db", made).data, regbench(*asked, "--from", tmp_path / "out").data
    for found in (one, other):
        for run in found["runs"]:
            run["execution"].pop("run_id")  # a number of the database
            run["execution"].pop("packed")  # packs are not exported
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_questions_that_mean_no_cell_are_refused_in_one_line(regbench: Command, filled: Path) -> None:
    for words, code, said in (
        (("end2end", "--dataset", "wine"), 2, "no dataset called 'wine'"),
        (("end2edn",), 2, "no method called 'end2edn'; did you mean 'end2end'?"),
        (("end2end", "--k", "5", "--k", "9"), 2, "give --k once"),
        (("end2end", "--metric", "crsp"), 2, "did you mean 'crps'?"),
        (("end2end", "-b", "other"), 2, "other"),
        (("end2end", "--db", "none.db"), 6, "there is no database none.db"),
    ):
        answer = regbench("why", *words)
        assert (answer.code, answer.out) == (code, "")
        assert answer.err.count("\n") == 1, answer.err
        assert said in answer.err


def test_a_row_of_several_datasets_needs_one(regbench: Command, in_tmp: Path) -> None:
    datasets = {name: catalog.entry("datasets", name).arguments["digest"] for name in ("diamonds", "wine_quality")}
    jobs = [Job(**{**vars(make_job()), "dataset": name, "digest": digest}) for name, digest in datasets.items()]
    with Store.open(in_tmp / "two.db") as store:
        store.add_benchmark("two", {}, [(job, "lsq") for job in jobs])
    said = regbench("why", "lsq", "--db", "two.db")
    assert said.code == 2
    assert "name one with --dataset" in said.err
    assert "0 of 1 seed finished" in regbench("why", "lsq", "--db", "two.db", "--dataset", "WN").out
