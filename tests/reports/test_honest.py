"""What tables say besides numbers: what is best, what seeds do not separate, ranks, budgets, flips, gaps; digits."""

import csv
import io
import re
from typing import Any

import pandas as pd
import pytest

from regbench import reports
from regbench.errors import NothingMeasured, UsageError
from regbench.reports.text.look import Look
from tests.made.cells import grid, like_the_paper

CLOSE = {
    "lsq": {"CA": [1.0, 1.1, 1.05, 0.97], "DM": [1.0, 1.02, 1.01, 1.03]},
    "lsq_softmax": {"CA": [1.04, 1.02, 1.16, 0.98], "DM": [1.0004, 1.0204, 1.0104, 1.0304]},
    "end2end": {"CA": [2.0, 2.2, 2.11, 1.93], "DM": [0.5, 0.52, 0.51, 0.49]},
}


def made(given: pd.DataFrame, **options: Any) -> tuple[reports.Report, Any]:
    report = reports.load("normalized")
    return report, report.compute(given, reports.Options(**options))


def cells(given: pd.DataFrame, **options: Any) -> dict[str, dict[str, str]]:
    """Row -> column -> cell."""
    report, numbers = made(given, **options)
    table = report.table(numbers)
    return {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}


def notes(given: pd.DataFrame, **options: Any) -> str:
    report, numbers = made(given, **options)
    return "\n".join(report.table(numbers).notes)


def test_the_best_of_a_column_is_marked_and_what_seeds_do_not_separate_from_it() -> None:
    found = cells(grid(CLOSE))
    assert found["lsq"]["CA"] == "*1.000 ± 0.055"
    assert found["lsq_softmax"]["CA"] == "†1.019 ± 0.075"
    assert [found["end2end"][name][0] for name in ("CA", "DM")] == ["2", "*"]
    assert found["lsq"]["DM"] == "1.000 ± 0.013"


def test_what_prints_the_same_as_the_best_is_marked() -> None:
    found = cells(grid({name: CLOSE[name] for name in ("lsq", "lsq_softmax")}))
    assert found["lsq"]["DM"] == "*1.000 ± 0.013"
    assert found["lsq_softmax"]["DM"] == "≈1.000 ± 0.013"  # separable, for it is above in every seed


def test_markdown_and_latex_spell_the_marks_their_way_and_the_caption_says_what_they_mean() -> None:
    report, numbers = made(grid(CLOSE))
    plain, markdown, latex = (reports.show(report, numbers, format=form) for form in ("table", "md", "latex"))
    assert "* lowest of its column; † not separable from it by seeds (95 % for all such marks at once)." in plain
    assert "**1.000 ± 0.055**" in markdown
    assert "**bold** lowest of its column; † not separable" in markdown
    assert r"\textbf{1.000 $\pm$ 0.055}" in latex
    assert r"\underline{1.019 $\pm$ 0.075}" in latex
    (caption,) = re.findall(r"\\caption\{(.*)\}\n", latex)
    assert r"\textbf{bold} lowest of its column; \underline{underlined} not separable" in caption
    assert "*" not in latex
    assert latex.isascii()


def test_a_caption_of_ones_own_still_explains_the_marks() -> None:
    report, numbers = made(grid(CLOSE))
    text = reports.show(report, numbers, format="latex", look=Look(caption="Ours", columns=("CA",)))
    assert r"\caption{Ours. \textbf{bold} lowest of its column" in text


def test_rows_that_seeds_do_not_separate_share_a_rank_that_is_explained() -> None:
    found = cells(grid({name: {"CA": values["CA"]} for name, values in CLOSE.items()}))
    assert [found[name]["rank"] for name in CLOSE] == ["1", "1", "3"]
    assert "rows that cannot be separated share a rank" in notes(grid(CLOSE))


def test_one_seed_shows_no_noise_and_that_is_said() -> None:
    given = grid({name: {"CA": values["CA"][:1]} for name, values in CLOSE.items()})
    found = cells(given)
    assert "rank" not in found["lsq"]
    assert (found["lsq"]["CA"], found["lsq_softmax"]["CA"]) == ("*1.000", "1.040")
    assert "which differences are more than noise cannot be told" in notes(given)


def test_pairs_whose_order_depends_on_the_average_are_named() -> None:
    errors = {"lsq": [1.0, 1.0, 1.0], "soft_binning": [0.1, 1.4, 1.4], "end2end": [0.9, 0.9, 1.3]}
    given = grid(
        {name: {dataset: [error] * 2 for dataset, error in zip(("CA", "DM", "EL"), values, strict=True)}
         for name, values in errors.items()}
    )  # fmt: skip
    (line,) = [line for line in notes(given).splitlines() if "flips" in line]
    assert line.startswith("verdict flips with the aggregator: ")
    wanted = (
        "soft_binning (k = 25) is before end2end (k = 25) by mean, geo. mean and mean of MAE, but after it by median"
    )
    assert wanted in line
    assert "lsq is before soft_binning (k = 25) by median, but after it by" in line
    assert "flips" not in notes(grid({name: {"CA": [values[0]] * 2} for name, values in errors.items()}))


def test_rmse_and_mae_that_disagree_are_named() -> None:
    given = grid({"lsq": {"CA": [1.0, 1.0]}, "end2end": {"CA": [0.9, 0.9]}})
    given = given.assign(test_mae=[0.5, 0.5, 0.6, 0.6])
    assert "flips with the aggregator: lsq is before end2end (k = 25) by MAE, but after it by RMSE" in notes(given)


def test_the_number_of_configurations_tried_is_a_column_and_a_note_where_it_differs() -> None:
    given = grid({"lsq": {"CA": [1.0, 1.1]}, "end2end": {"CA": [0.9, 1.0]}})
    chosen = given.assign(tried=pd.array([4, 4, 36, 36], dtype="Int64"))
    assert [row["tried"] for row in cells(chosen).values()] == ["4", "36"]
    assert "tuning budgets differ: configurations that a sweep tried for each cell (4: lsq; 36: end2end" in notes(
        chosen
    )
    report, numbers = made(chosen, normalize=None)
    assert [row[-1] for row in report.table(numbers).rows] == ["4", "36"]
    assert "tried" not in cells(given)["lsq"]
    assert "budget" not in notes(given.assign(tried=pd.array([4] * 4, dtype="Int64")))
    report, numbers = made(chosen)
    assert [row["tried"] for row in reports.data(report, numbers)["means"]] == [4, 36]


def test_the_gap_to_the_best_test_epoch_is_a_column_on_request() -> None:
    given = grid({"lsq": {"CA": [1.0, 1.1]}, "end2end": {"CA": [0.9, 1.0]}})
    known = given.assign(lowest_rmse=[1.0, 1.0, 0.75, 0.8])
    assert {name: row["gap"] for name, row in cells(known, columns=("gap",)).items()} == {
        "lsq": "5.0 %", "end2end": "22.5 %",
    }  # fmt: skip
    assert cells(known, columns=("gap",), normalize=None)["CA"]["gap"] == "22.5 %"
    assert "gap" not in cells(known)["lsq"]
    with pytest.raises(NothingMeasured, match="--columns gap: no run here has RMSE of every epoch"):
        made(given, columns=("gap",))


@pytest.mark.parametrize(("digits", "ratio", "error"), [(2, "1.02", "1.05"), (5, "1.01942", "1.05000")])
def test_digits_are_decimals_in_every_format(digits: int, ratio: str, error: str) -> None:
    given = grid(CLOSE)
    assert cells(given, digits=digits)["lsq_softmax"]["CA"].lstrip("†").startswith(f"{ratio} ±")
    report, numbers = made(given, digits=digits, normalize=None, datasets=("CA",))
    for form in ("table", "md", "latex"):
        assert f"{error} " in reports.show(report, numbers, format=form, digits=digits)
    rounded, exact = (
        list(csv.DictReader(io.StringIO(reports.show(report, numbers, format="csv", digits=given_))))
        for given_ in (digits, None)
    )
    assert {len(row["rmse_std"].partition(".")[2]) <= digits for row in rounded} == {True}
    assert float(exact[1]["rmse_std"]) != float(rounded[1]["rmse_std"])


def test_a_number_of_digits_that_no_table_has_is_refused() -> None:
    with pytest.raises(UsageError, match="--digits 13: must be from 0 to 12"):
        reports.Options(digits=13)


def test_published_rows_are_marked_and_the_csv_says_which_they_are() -> None:
    given = grid(CLOSE)
    given["published"] = given["variant"] == "lsq"
    assert list(cells(given)) == ["°lsq", "lsq_softmax", "end2end"]
    report, numbers = made(given)
    assert r"$^\circ$lsq" in reports.show(report, numbers, format="latex")
    assert "° from published runs" in reports.show(report, numbers, format="md")
    rows = list(csv.DictReader(io.StringIO(reports.show(report, numbers, format="csv"))))
    assert {row["variant"]: row["published"] for row in rows} == {
        "lsq": "True", "lsq_softmax": "False", "end2end": "False",
    }  # fmt: skip


def test_every_table_of_latex_with_marks_is_well_formed() -> None:
    """What a LaTeX would check first: environments and braces are closed, and every row has its cells."""
    for name in ("normalized", "table2"):
        report = reports.load(name)
        text = reports.show(report, report.compute(like_the_paper(), reports.Options()), format="latex")
        for environment in ("table", "tabular"):
            assert text.count(rf"\begin{{{environment}}}") == text.count(rf"\end{{{environment}}}")
        depth = 0
        for sign in re.sub(r"\\[{}]", "", text):
            depth += {"{": 1, "}": -1}.get(sign, 0)
            assert depth >= 0
        assert depth == 0
        for body in re.findall(r"\\toprule(.*?)\\bottomrule", text, re.DOTALL):
            rows = [line for line in body.splitlines() if line.endswith(r"\\")]
            assert len({len(re.findall(r"(?<!\\)&", line)) for line in rows}) == 1
        assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0
