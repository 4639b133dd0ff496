"""Table 2: every cell with what stands behind it, ours beside the paper's, reference models below a rule."""

import csv
import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from regbench import catalog, reports
from regbench.analysis.published import bridges_cells
from regbench.analysis.reference import with_reference
from regbench.errors import NothingMeasured
from tests.made.cells import frame, grid, like_the_paper, row

NAN = float("nan")
PAPERS_ROWS = 19


@pytest.fixture(autouse=True)
def reference_models(monkeypatch: pytest.MonkeyPatch):
    known = catalog.names
    monkeypatch.setattr(catalog, "names", lambda kind: ["ridge", "train_mean"] if kind == "baselines" else known(kind))


def made(given: pd.DataFrame, **options):
    report = reports.load("table2")
    return report, report.compute(given, reports.Options(**options))


def blocks(given: pd.DataFrame, **options) -> dict[str, dict[tuple[str, ...], dict[str, str]]]:
    """The table's text: title → row's name → dataset → cell."""
    report, numbers = made(given, **options)
    table = report.table(numbers)
    return {
        part.title: {
            line[: part.index]: dict(zip(part.header[part.index :], line[part.index :], strict=True))
            for line in part.rows
        }
        for part in (table, *table.more)
    }


def notes(given: pd.DataFrame, **options) -> str:
    report, numbers = made(given, **options)
    return "\n".join(report.table(numbers).notes)


def small(**more) -> pd.DataFrame:
    return grid({"lsq": {"diamonds": [0.1, 0.3]}, "end2end": {"diamonds": [0.1, 0.2]}, **more})


def models() -> pd.DataFrame:
    return frame(
        row("diamonds", name, 0, rmse, k=None, test_mae=mae, job_key=name)
        for name, rmse, mae in [("train_mean", 0.25, 0.0505), ("ridge", 0.12, 0.1)]
    )


def test_a_cell_is_the_mean_over_seeds_to_five_digits_with_its_spread():
    found = blocks(small())
    assert found["Test RMSE"]["lsq", ""] == {"DM": "†0.20000 ± 0.14"}  # two seeds do not separate it
    assert found["Test MAE"]["end2end", "25"] == {"DM": "*0.075000 ± 0.035"}


def test_a_spread_is_written_without_an_exponent():
    given = grid({"lsq": {"diamonds": [0.1, 0.1001]}})
    assert blocks(given)["Test RMSE"]["lsq",] == {"DM": "*0.10005 ± 0.000071"}


def test_the_papers_block_is_its_table_to_the_last_cell():
    found = blocks(like_the_paper(seeds=1))["The paper's own Table 2, which it calls test RMSE"]
    assert len(found) == PAPERS_ROWS
    ours = [float(cell.lstrip("*")) for cells in found.values() for cell in cells.values()]
    assert sorted(ours) == sorted(bridges_cells()["test_rmse"])
    assert found["end2end", "25", ""]["BS"] == "*0.074"
    assert found["lsq", "", ""]["EL"] == "0.030"


def test_rows_and_datasets_are_in_the_papers_order():
    report, numbers = made(like_the_paper(seeds=1))
    table = report.table(numbers)
    assert table.header == ("method", "k", "λσ", "WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM")
    names = [line[:3] for line in table.rows]
    assert names[:2] == [("lsq", "", ""), ("lsq_softmax", "5", "")]
    assert names[7:10] == [("soft_binning", "5", "1"), ("soft_binning", "15", "1"), ("soft_binning", "25", "1")]
    assert names[-1] == ("end2end", "25", "")


def test_the_order_of_the_frame_does_not_matter():
    given = like_the_paper()
    shuffled = given.sample(frac=1, random_state=1).reset_index(drop=True)
    shuffled.attrs = given.attrs
    for form in ("table", "csv", "json"):
        assert reports.show(*made(given), format=form) == reports.show(*made(shuffled), format=form)


def test_what_is_missing_is_never_averaged_silently():
    given = grid(
        {
            "lsq": {"diamonds": [0.2, 0.2, 0.2], "cpu_act": [0.2, 0.2, 0.2]},
            "hard_binning": {"diamonds": [None, None, None], "cpu_act": [0.1, None, None]},
            "end2end": {"diamonds": [NAN, NAN, NAN], "cpu_act": [0.1, 0.3, NAN]},
        }
    )
    found = blocks(given)["Test RMSE"]
    assert [found[name]["DM"] for name in (("lsq", ""), ("hard_binning", "25"), ("end2end", "25"))] == [
        "*0.20000 ± 0.0", "– (0/3)", "div (0/3)",
    ]  # fmt: skip
    assert found["hard_binning", "25"]["CA"] == "†0.10000 (1/3)"  # one common seed separates nothing
    assert found["end2end", "25"]["CA"] == "†≈0.20000 ± 0.14 (2/3)"
    assert found["lsq", ""]["CA"] == "*0.20000 ± 0.0"  # the lower mean has fewer seeds, and takes part in no contest
    assert "1 run diverged, and so in no mean: CA end2end k = 25 (1 of 3)" in notes(given)


def test_each_column_has_one_lowest_mean_whatever_the_numbers():
    random = np.random.default_rng(0)
    for _ in range(10):
        given = like_the_paper(seeds=2).assign(test_rmse=lambda rows: random.uniform(0.1, 1, len(rows)))
        rows = made(given)[1].rows
        best = rows[rows["best_rmse"]]
        assert list(best["dataset"]) == sorted(set(rows["dataset"]), key=list(best["dataset"]).index)
        lowest = rows.groupby("dataset")["rmse_mean"].min()
        assert dict(zip(best["dataset"], best["rmse_mean"], strict=True)) == dict(lowest)


def test_reference_models_stand_below_a_rule_and_are_marked_where_they_are_lower_still():
    both = with_reference(small().assign(job_key=range(4)), models())
    report, numbers = made(both)
    table = report.table(numbers)
    names = [line[0] for line in table.rows]
    assert (names[:2], sorted(names[2:])) == (["lsq", "end2end"], ["ridge", "train_mean"])
    assert table.rules == (2,)
    assert {line[0] for line in table.rows if line[-1].startswith("*")} == {"end2end", "ridge"}
    assert "2 rows on 1 dataset" in table.caption
    latex = reports.show(report, numbers, format="latex")
    assert latex.count(r"\midrule") == 2 + 2 + 1  # no reference model in the paper's block


def test_reference_models_of_other_datasets_and_jobs_that_are_here_already_are_not_added():
    here = small().assign(job_key=range(4))
    here.attrs["left_out"] = ["something"]
    elsewhere = models().assign(dataset="ailerons")
    assert with_reference(here, elsewhere) is here
    assert len(with_reference(here, models().assign(job_key=[0, "ridge"]))) == 5
    assert with_reference(here, models()).attrs["left_out"] == ["something"]


def test_the_constants_show_what_the_paper_printed():
    constants = frame([row("diamonds", "train_mean", 0, 0.25, k=None, test_mae=0.0505, job_key="c")])
    said = notes(with_reference(small().assign(job_key=range(4)), constants))
    assert "its 0.051 (lsq on DM) is the MAE of train_mean (0.0505; its RMSE is 0.2500)" in said
    assert "of 2 cells that both have, the paper's number is nearer to our MAE than to our RMSE in 2 by" in said
    assert "`regbench run bridges-baselines` adds constants" in notes(small())


def test_what_the_paper_has_and_the_benchmark_does_not_is_named():
    assert "without any job here: of the paper's 19 rows lsq_softmax k = 5 15 25, hard_binning k = 5 15 25," in notes(
        small()
    )
    assert "of its datasets WN AE BS SC EL CA RM" in notes(small())
    assert "without any job here" not in notes(like_the_paper(seeds=1))
    assert "without any job here" not in notes(small(), k=(25,))


def test_settings_that_were_chosen_are_named():
    chosen = pd.Series([{}, {}, {"learning_rate": 3e-3, "lambda_kl": 1.0}, None])
    given = small().assign(swept=chosen)
    assert "lambda_kl, learning_rate were chosen for each cell by its validation error" in notes(given)
    assert "were chosen" not in notes(small())


def test_filters_leave_what_was_asked_for():
    found = blocks(like_the_paper(seeds=1), k=(5,), datasets=("CA", "DM"), methods=("end2end", "lsq"))
    assert list(found["Test RMSE"]) == [("lsq", ""), ("end2end", "5")]
    assert list(found["Test RMSE"]["lsq", ""]) == ["CA", "DM"]
    assert list(blocks(small(), metrics=("mae",))) == ["Test MAE", "The paper's own Table 2, which it calls test RMSE"]


def test_csv_is_long_and_exact():
    given = small()
    lines = list(csv.DictReader(io.StringIO(reports.show(*made(given), format="csv"))))
    assert [(line["variant"], line["k"]) for line in lines] == [("lsq", ""), ("end2end", "25")]
    assert float(lines[1]["rmse_mean"]) == np.mean([0.1, 0.2])
    assert float(lines[1]["rmse_std"]) == np.std([0.1, 0.2], ddof=1)
    assert lines[1]["paper"] == "0.047"
    assert {"n", "n_expected", "diverged", "reference", "best_rmse", "best_mae"} <= set(lines[0])
    rows = json.loads(reports.show(*made(given), format="json"))["rows"]
    assert rows[1]["mae_mean"] == float(lines[1]["mae_mean"])


def test_original_units_change_ours_and_not_the_papers():
    given = small()
    scaled, original = (
        made(given, units=units, ranges={"diamonds": ([2.0], [12.0])})[1].rows for units in ("scaled", "original")
    )
    np.testing.assert_allclose(original["rmse_mean"], 10 * scaled["rmse_mean"])
    pd.testing.assert_series_equal(original["paper"], scaled["paper"])


def test_rows_of_raw_targets_stay_as_they_are_in_original_units():
    given = small().assign(targets="raw")
    (_, plain), (report, original) = made(given), made(given, units="original")
    pd.testing.assert_frame_equal(original.rows, plain.rows)
    assert "in units of the target, mean" in report.table(original).caption


def test_latex_has_a_float_for_each_block_and_shrinks_what_is_wide():
    text = reports.show(*made(like_the_paper()), format="latex")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 3
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 3
    assert text.count(r"\resizebox{\linewidth}{!}{%") == 2
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert "booktabs,graphicx" in text.splitlines()[0]
    for line in text.splitlines():
        if line.endswith(r"\\"):
            assert len(re.findall(r"(?<!\\)&", line)) == 10


def test_on_80_columns_no_line_is_longer_and_every_block_has_its_title():
    text = reports.show(*made(like_the_paper()), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines().count("Test RMSE") == text.splitlines().count("Test MAE") == 1


def test_nothing_finished_is_nothing_measured():
    with pytest.raises(NothingMeasured, match="regbench run bridges"):
        made(grid({"lsq": {"diamonds": [None]}}))
