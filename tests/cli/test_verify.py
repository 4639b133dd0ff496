"""`regbench verify`: verdicts with and without runs, and the cells that decide them."""

import csv
import io
from pathlib import Path

import pytest

from regbench import config, variants
from regbench.papers import claims
from regbench.store import Member, Store
from tests.cli.conftest import Command

VERDICTS = {"holds", "fails", "cannot be decided"}


def test_without_a_database_the_paper_answers_for_itself(regbench: Command) -> None:
    said = regbench("verify", "bridges")
    assert (said.code, said.err) == (0, "")
    words = " ".join(said.out.split())
    for claim in claims.load("bridges").claims:
        assert f"{claim.id}: “" in words
    assert "RM, k = 25: end2end 0.189, pretrained_encoder 0.188" in words
    assert "by geometric mean and median: fails" in words
    assert "nothing has been run" in words
    assert not Path("results").exists()


def test_the_json_has_every_claim_with_its_verdicts_and_cells(regbench: Command, filled: Path) -> None:
    data = regbench("verify", "bridges", "--json").data
    assert (data["paper"], data["benchmark"]) == ("bridges", "smoke")
    assert [each["id"] for each in data["claims"]] == [each.id for each in claims.load("bridges").claims]
    for each in data["claims"]:
        assert {each["paper"], each["ours_rmse"], each["ours_mae"]} <= VERDICTS
        assert each["text"]
        assert each["cells"] or each["missing"]["ours_rmse"] or each["id"] == "larger-k-costs-more"
        assert each["split"] == ([] if each["benchmark"].startswith("bridges-") else ["fixed"])
    by_id = {each["id"]: each for each in data["claims"]}
    assert by_id["gain-of-25-percent"]["by_aggregator"]["paper"] == {
        "arithmetic": "cannot be decided",
        "geometric": "fails",
        "median": "fails",
    }
    assert by_id["gain-of-25-percent"]["without_dataset"]["paper"]["CA"] == "fails"


def test_a_single_claim_shows_our_cells_with_n_beside_the_papers(regbench: Command, filled: Path) -> None:
    [claim] = regbench("verify", "bridges", "--claim", "end2end_best", "--json").data["claims"]
    assert (claim["paper"], claim["ours_rmse"]) == ("fails", "cannot be decided")
    cells = {(each["alias"], each["variant"]): each for each in claim["cells"]}
    paper = cells["RM", "pretrained_encoder"]
    assert (paper["paper"], paper["paper_low"], paper["paper_high"], paper["n"]) == (0.188, 0.1875, 0.1885, 0)
    assert "paper" in paper["decides"]
    ours = cells["DM", "lsq_softmax"]  # one of its two seeds failed
    assert (ours["n"], ours["n_expected"], ours["paper"]) == (1, 2, 0.049)
    said = regbench("verify", "bridges", "--claim", "end2end-best")
    assert "Benchmark smoke, at the epoch of lowest validation RMSE; split: fixed, the same for every seed." in said.out
    assert any(line.split()[:4] == ["DM", "lsq_softmax", "25", "0.049"] for line in said.out.splitlines())


def test_our_runs_say_what_they_can_where_they_are(regbench: Command, filled: Path) -> None:
    """The runs are of Diamonds only; the cells of all other datasets are missing."""
    [claim] = regbench("verify", "bridges", "--claim", "end2end-over-baselines", "--json").data["claims"]
    assert (claim["paper"], claim["ours_rmse"]) == ("holds", "cannot be decided")
    ours = {each["dataset"]: each["ours_rmse"] for each in claim["comparisons"] if each["statement"].endswith("lsq")}
    assert ours["diamonds"]["verdict"] == "holds"
    assert ours["diamonds"]["value"] == pytest.approx(0.038 / 0.05 - 1)
    assert {each["value"] for dataset, each in ours.items() if dataset != "diamonds"} == {None}
    assert {each["reason"] for each in claim["missing"]["ours_mae"]} == {"not in the benchmark"}
    assert "diamonds" not in {each["dataset"] for each in claim["missing"]["ours_mae"]}


@pytest.mark.parametrize(
    ("form", "start"), [("md", "| claim"), ("csv", "id,"), ("json", "{"), ("latex", "\\begin{tab")]
)
def test_claims_are_written_as_asked(regbench: Command, form: str, start: str) -> None:
    assert any(line.startswith(start) for line in regbench("verify", "bridges", "--format", form).out.splitlines())


def test_the_csv_of_a_claim_is_its_cells(regbench: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(regbench("verify", "bridges", "--claim", "end2end-best", "-f", "csv").out)))
    assert [(row["alias"], row["variant"], row["paper"]) for row in rows] == [
        ("RM", "end2end", "0.189"),
        ("RM", "pretrained_encoder", "0.188"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["brigdes"], "no paper called 'brigdes'; did you mean 'bridges'?"),
        (
            ["bridges", "--claim", "end2end-bst"],
            "no claim of bridges is called 'end2end-bst'; did you mean 'end2end-best'?",
        ),
        (["bridges", "--format", "cvs"], "no format called 'cvs'; did you mean 'csv'?"),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest(regbench: Command, words: list[str], message: str) -> None:
    said = regbench("verify", *words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_a_benchmark_that_was_named_must_be_there(regbench: Command) -> None:
    assert regbench("verify", "bridges", "--benchmark", "smoke").code == 6


def test_by_default_the_papers_own_benchmark_with_runs_answers(regbench: Command, filled: Path) -> None:
    """A benchmark that was only planned decides nothing, whether it is the paper's or not."""

    def asked() -> str:
        return regbench("verify", "bridges", "--claim", "end2end-best", "--json").data["benchmark"]

    with Store.open(filled) as store:
        jobs = config.load().get("smoke").jobs
        labelled = [Member(job, variants.label(job.method, dict(job.hparams), dict(job.static))) for job in jobs]
        store.add_benchmark("bridges", {}, [])
        assert asked() == "smoke"
        store.add_benchmark("bridges-fixed[epochs=9]", {}, labelled)  # the same jobs, which are done
        store.add_benchmark("smoke", {}, labelled)
    assert asked() == "bridges-fixed[epochs=9]"
