"""The output of the commands that only read a database."""

import json
import math
from pathlib import Path

import pytest

from regbench import catalog
from regbench.cli.output import emit_json
from regbench.store import Store
from tests.cli.conftest import Command


def test_status_counts_jobs_and_says_why_one_failed(regbench: Command, filled: Path) -> None:
    said = regbench("status")
    assert said.code == 0
    header, row, failures, why = said.out.splitlines()
    assert header.split() == [
        "benchmark",
        "dataset",
        "jobs",
        "done",
        "running",
        "failed",
        "blocked",
        "pending",
        "epochs",
    ]
    assert row.split()[:8] == ["smoke", "diamonds", "12", "11", "0", "1", "0", "0"]
    assert failures.startswith("failed: 1 job, user code: ")
    assert failures.endswith("tried again only with --retry-failed")
    assert why == "  diamonds, lsq_softmax k=25 seed=1: ValueError: made up"
    (failure,) = regbench("status", "--json").data[0]["failures"]
    assert (failure["failure_class"], failure["retried"]) == ("user code", False)


def test_the_json_of_every_command_has_the_same_envelope(
    regbench: Command, filled: Path, generated_tables: None
) -> None:
    commands = [
        ["status"],
        ["watch"],
        ["report"],
        ["compare", "lsq", "end2end"],
        ["verify", "bridges"],
        ["list", "methods"],
        ["list", "benchmarks"],
        ["plan", "smoke", "--devices", "cpu"],
        ["run", "smoke", "--devices", "cpu", "--dry-run"],
        ["data", "list"],
        ["data", "verify", "diamonds"],
        ["db", "export", "out"],
        ["doctor"],
    ]
    for words in commands:
        said = regbench(*words, "--json")
        envelope = json.loads(said.out)
        assert list(envelope) == ["schema", "command", "data", "warnings"], words
        assert envelope["schema"] == "regbench/1"
        assert envelope["command"] == (" ".join(words[:2]) if words[0] in {"data", "db"} else words[0])


def test_numbers_that_json_does_not_have_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json("test", {"rows": [{"a": math.nan, "b": math.inf, "c": 0.1 + 0.2}], "path": Path("a/b")}, ["careful"])
    envelope = json.loads(capsys.readouterr().out)
    assert envelope["data"] == {"rows": [{"a": None, "b": None, "c": 0.1 + 0.2}], "path": "a/b"}
    assert envelope["warnings"] == ["careful"]


def test_the_table_is_data_and_goes_to_stdout(regbench: Command, filled: Path) -> None:
    said = regbench("report", "--normalize", "lsq", "--k", 25)
    assert (said.code, said.err) == (0, "")
    assert "smoke" in said.out.splitlines()[0]  # the benchmark is named in the caption
    assert "0.760" in said.out  # end2end against lsq


def test_report_json_has_a_row_for_each_cell_at_full_precision(regbench: Command, filled: Path) -> None:
    rows = regbench("report", "--json").data["rows"]
    wanted = {"dataset", "method", "k", "lambda_sigma", "n", "rmse_mean", "rmse_std", "mae_mean", "mae_std", "ratio"}
    assert all(wanted <= set(row) for row in rows)
    by_method = {row["method"]: row for row in rows}
    assert by_method["lsq"]["k"] is None
    assert (by_method["lsq_softmax"]["n"], by_method["lsq"]["n"]) == (1, 2)
    assert by_method["end2end"]["ratio"] == pytest.approx(0.038 / 0.05, rel=1e-12)


@pytest.mark.parametrize(("form", "start"), [("md", "|"), ("latex", "\\begin{tabular}"), ("csv", "dataset,")])
def test_a_table_is_written_as_asked(regbench: Command, filled: Path, form: str, start: str) -> None:
    assert any(line.startswith(start) for line in regbench("report", "--format", form).out.splitlines())


def test_a_table_for_a_paper_has_its_columns_caption_and_label(regbench: Command, filled: Path) -> None:
    words = ["report", "--normalize", "none", "--columns", "MAE", "--caption", "Errors"]
    latex = regbench(*words, "--format", "latex", "--label", "tab:errors").out
    assert (latex.count("MAE &"), latex.count("RMSE &"), latex.count(r"\label{tab:errors}")) == (0, 0, 1)
    assert r"MAE \\" in latex
    assert regbench(*words).out.startswith("Errors. * lowest of its dataset; ")
    for more in (["--json"], ["--format", "csv"], ["--all"], ["--label", "tab:errors"]):
        said = regbench(*words, *more)
        assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1), more
    assert "did you mean 'RMSE'?" in regbench("report", "--normalize", "none", "--columns", "RMS").err


@pytest.mark.parametrize("name", ["normalized", "curves"])
def test_original_units_are_read_from_the_store(regbench: Command, filled: Path, name: str) -> None:
    with Store.open(filled) as store:
        digest = store.cells()["digest"].iloc[0]
        store.add_dataset(
            digest=digest, name="diamonds", sizes=(3, 1, 1), inputs=6, target_low=[2.0], target_high=[12.0]
        )
    column = {"normalized": "rmse_mean", "curves": "median"}[name]
    scaled, original = (
        [row[column] for row in regbench("report", name, "--units", units, "--json").data["rows"]]
        for units in ("scaled", "original")
    )
    assert original == pytest.approx([10 * each for each in scaled])


def test_a_figure_is_written_with_its_numbers(regbench: Command, filled: Path) -> None:
    said = regbench("report", "figure3", "--out", "drawn")
    assert said.code == 0
    assert {path.suffix for path in Path("drawn").iterdir()} == {".svg", ".pdf", ".png", ".csv"}
    assert said.err.count("wrote drawn/bridges_figure3") == 4


def test_compare_decides_or_says_that_it_cannot(regbench: Command, filled: Path) -> None:
    said = regbench("compare", "soft-binning", "end2end")
    assert said.code == 0
    assert "end2end" in said.out
    assert regbench("compare", "lsq_softmax", "lsq", "--exit-code").code == 5  # one common seed decides nothing


def test_compare_takes_a_margin_as_a_share_and_refuses_what_is_none(regbench: Command, filled: Path) -> None:
    share, number = (regbench("compare", "lsq", "end2end", "--rope", rope) for rope in ("2%", "0.02"))
    assert share.out == number.out
    assert regbench("compare", "lsq", "end2end", "--rope", "2%", "--json").data["rope"] == 0.02
    wrong = regbench("compare", "lsq", "end2end", "--rope", "two")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "--rope two: must be a number such as 0.01, or a share such as 1%" in wrong.err


def test_compare_takes_more_than_two_methods_and_says_what_one_dataset_cannot_show(
    regbench: Command, filled: Path
) -> None:
    said = regbench("compare", "end2end", "lsq", "soft_binning")
    assert said.code == 0
    assert "95 % for all 2" in said.out
    assert "refused: Friedman's test and Nemenyi's: they need 6 datasets that have every method, here is 1" in said.out
    assert not Path("results/pairs.svg").exists()
    data = regbench("compare", "end2end", "lsq", "soft_binning", "--json").data
    assert [found["b"] for found in data["comparisons"]] == ["lsq", "soft_binning"]
    assert data["ranks"]["holm_p"] is None
    one = regbench("compare", "lsq")
    assert (one.code, "two methods or more" in one.err) == (2, True)
    assert regbench("compare", "end2end", "lsq", "lsq_softmax", "--exit-code").code == 5


def test_compare_of_unseen_rows_says_that_older_runs_have_not_measured_them(regbench: Command, filled: Path) -> None:
    said = regbench("compare", "lsq", "end2end", "--rows", "unseen")
    assert said.code == 6
    assert "RMSE on unseen rows was not recorded in any run of smoke" in said.err


def test_compare_draws_all_pairs_and_names_the_files(regbench: Command, filled: Path) -> None:
    data = regbench("compare", "--all-pairs", "--out", "drawn", "--json").data
    assert data["all_pairs"]
    assert set(data["ranks"]["names"]) == set(data["names"])
    assert {Path(file).name for file in data["files"]} >= {"pairs.svg", "pairs.pdf", "pairs.png", "pairs.csv"}
    assert all(Path(file).is_file() for file in data["files"])


def test_compare_looks_at_the_datasets_asked_for_alone(regbench: Command, filled: Path) -> None:
    assert regbench("compare", "lsq", "end2end", "--dataset", "DM").out == regbench("compare", "lsq", "end2end").out
    wrong = regbench("compare", "lsq", "end2end", "--dataset", "diamnds")
    assert wrong.code == 2
    assert "no dataset called 'diamnds'; did you mean 'diamonds'?" in wrong.err


def test_the_database_and_its_copy_hold_the_same(regbench: Command, filled: Path) -> None:
    assert regbench("db", "export", "out").code == 0
    assert regbench("db", "import", "out", "--db", "copy.db").code == 0
    assert regbench("report", "--db", "copy.db", "--json").data["rows"] == regbench("report", "--json").data["rows"]
    again = regbench("db", "import", "out", "--db", "copy.db", "--json")
    assert set(again.data["rows"].values()) == {0}


def test_the_environment_names_the_database(regbench: Command, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.rename("elsewhere.db")
    monkeypatch.setenv("REGBENCH_DB", "elsewhere.db")
    assert regbench("status").code == 0
    assert regbench("status", "--db", "none.db").code == 6  # an option goes before the environment


def test_listings_name_year_and_paper(regbench: Command) -> None:
    rows = regbench("list", "methods", "--json").data["rows"]
    assert {row["name"]: row["year"] for row in rows}["end2end"] == "2025"
    assert all(row["what"] and row["reference"] for row in rows)
    assert {row["alias"] for row in regbench("list", "datasets", "--json").data["rows"]} >= {"WN", "DM", "RM"}
    assert "\nbridges-figure2 " in regbench("list", "reports").out
    assert "mlp" in regbench("list", "backbones").out


@pytest.mark.parametrize(
    "words", [["list", "methods"], ["list", "datasets"], ["data", "list"], ["data", "verify", "DM", "WN", "RM"]]
)
def test_on_a_terminal_of_80_columns_words_are_wrapped_and_names_stay_whole(
    regbench: Command, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    wide = regbench(*words).out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    narrow = regbench(*words).out
    assert max(map(len, narrow.splitlines())) <= 80 < max(map(len, wide.splitlines()))
    first = [line.split()[0] for line in wide.splitlines()]
    assert [line.split()[0] for line in narrow.splitlines() if not line.startswith(" ")] == first


def test_data_list_says_what_is_here(regbench: Command) -> None:
    rows = {row["name"]: row for row in regbench("data", "list", "--json").data}
    assert (rows["diamonds"]["rows"], rows["diamonds"]["inputs"], rows["diamonds"]["licence"]) == (53940, 6, "MIT")
    assert regbench("data", "list").out.splitlines()[0].split() == [
        "dataset", "rows", "inputs", "seen", "licence", "sources", "here",
    ]  # fmt: skip


def test_a_file_that_is_not_the_dataset_is_not_imported(regbench: Command) -> None:
    Path("mine.csv").write_text("carat,depth\n1,2\n")
    said = regbench("data", "import", "diamonds", "mine.csv")
    assert said.code == 2
    assert "mine.csv is not diamonds" in said.err


def test_no_network_is_said_with_what_to_do_instead(regbench: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    said = regbench("data", "fetch", "wine_quality")
    assert said.code == 7
    assert "REGBENCH_OFFLINE" in said.err


def test_colour_is_for_terminals_and_for_whoever_forces_it(
    regbench: Command, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\033" not in regbench("status").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\033[1mbenchmark" in regbench("status").out
    monkeypatch.setenv("REGBENCH_NO_COLOR", "1")
    assert "\033" not in regbench("status").out
    monkeypatch.delenv("REGBENCH_NO_COLOR")
    assert "\033" not in regbench("status", "--no-color").out


@pytest.fixture
def published(regbench: Command, filled: Path) -> Path:
    """A distilled export of the filled database, which is then removed."""
    assert regbench("db", "export", "published/smoke", "--distilled").code == 0
    return Path("published")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["report"], ["report", "figure4"], ["report", "table2"], ["compare", "lsq", "end2end"], ["verify", "bridges"]],
)
def test_a_folder_of_exports_gives_what_its_database_gives(
    regbench: Command, published: Path, words: list[str]
) -> None:
    from_database, from_folder = regbench(*words), regbench(*words, "--from", published)
    assert from_database.out == from_folder.out
    assert (from_folder.code, regbench(*words, "--from", published, "--db", "none.db").code) == (0, 0)


def test_a_folder_that_holds_no_export_is_a_line_and_exit_2(regbench: Command) -> None:
    for words in (["report"], ["compare", "lsq", "end2end"], ["report", "--all"]):
        said = regbench(*words, "--from", ".")
        assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
        assert "no results in it" in said.err


def test_curves_of_a_distilled_export_say_where_the_epochs_are(regbench: Command, filled: Path) -> None:
    regbench("db", "export", "short", "--distilled")
    regbench("db", "export", "long", "--distilled", "--every-epoch")
    rows = regbench("report", "curves", "--json").data["rows"]
    assert regbench("report", "curves", "--from", "long", "--json").data["rows"] == rows
    said = regbench("report", "curves", "--from", "short")
    assert said.code == 6
    assert "distilled" in said.err
    assert regbench("db", "export", "out", "--every-epoch").code == 2


def test_all_reports_are_written_and_what_cannot_be_is_named(regbench: Command, published: Path) -> None:
    said = regbench("report", "--all", "--from", published, "--out", "drawn", "--json")
    made = {each["report"]: each["files"] for each in said.data["reports"]}
    assert set(made) | set(said.data["left_out"]) == set(catalog.names("reports"))
    assert "curves" in said.data["left_out"]
    assert {path.name for path in Path("drawn").iterdir()} == {
        Path(path).name for files in made.values() for path in files
    }
    assert {"bridges_figure3.svg", "bridges_figure3.csv", "bridges_figure3.md", "normalized.tex"} <= {
        path.name for path in Path("drawn").iterdir()
    }
    said = regbench("report", "--all", "--from", published, "--out", "drawn", "--method", "lsq")  # few can be drawn
    assert "curves left out: only the best and the last epoch" in said.err
    assert regbench("report", "figure3", "--all").code == 2


def test_baselines_are_listed_with_what_they_need_and_methods_as_before(regbench: Command) -> None:
    rows = {row["name"]: row for row in regbench("list", "baselines", "--json").data["rows"]}
    assert (rows["ridge"]["year"], rows["ridge"]["needs"], rows["ridge"]["seeds"]) == ("1970", "scikit-learn", "first")
    assert rows["random_forest"]["seeds"] == "all"
    assert rows["xgboost"]["needs"].startswith("xgboost")
    assert all(row["what"] and row["reference"] for row in rows.values())
    assert not set(rows) & {row["name"] for row in regbench("list", "methods", "--json").data["rows"]}
