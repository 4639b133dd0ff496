"""Every report in the catalog: numbers equal in every form, pictures that open, names that resolve."""

import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from regbench import analysis, catalog, reports
from regbench.analysis.claims import verify
from regbench.errors import InfrastructureError, NothingMeasured, UsageError
from regbench.papers import claims
from regbench.reports.text import render
from tests.made import pages
from tests.made.cells import ablated, by_k_and_weight, choices, frame, grid, like_the_paper, row
from tests.made.encoders import diagnostics, planar
from tests.made.recorded import recorded
from tests.made.swept import swept
from tests.made.tightness import beside

every_report = pytest.mark.parametrize("name", reports.names())
SHOWN = {"encoders": ("encoder (", "training target"), "encoder": ("hard binning", "end to end", "RMSE")}
SHOWN["ablation"] = ("pre-trained encoder", "end to end", "RMSE", "DM")
SHOWN["features"] = ()  # they differ: tests/reports/tightness
PNG = b"\x89PNG\r\n\x1a\n"


def epochs() -> pd.DataFrame:
    """Curves as the store gives them: three seeds, two methods, four epochs; one diverges."""
    rows = [
        {"run_id": seed, "dataset": "DM", "method": variant, "variant": variant, "k": k, "settings": {}}
        | {"seed": seed, "epoch": epoch, "name": name}
        | {"value": None if (variant, seed, epoch) == ("end2end", 2, 4) else 1 / epoch + seed / 10}
        for variant, k in [("lsq", None), ("end2end", 25)]
        for seed in range(3)
        for epoch in range(1, 5)
        for name in ("val/rmse", "test/rmse", "train/loss")
    ]
    return pd.DataFrame(rows).astype({"k": "Int64", "value": float})


def scored() -> pd.DataFrame:
    """The paper's table, its methods of bins with a score as if each had been."""
    made = like_the_paper()
    return made.assign(test_crps=made["test_mae"].where(made["method"] != "lsq") * 0.8, test_nll=np.nan)


def by_shots() -> pd.DataFrame:
    """The paper's table, as if the rows with few training rows near had been counted."""
    made = like_the_paper()
    shots = {"many": 0.9, "median": 1.2, "few": 2.0}
    return made.assign(**{f"test_{shot}/mae": factor * made["test_mae"] for shot, factor in shots.items()})


OF = {"cells": like_the_paper, "curves": epochs, "encoders": planar, "choices": choices, "sweeps": swept}
OF["features"] = lambda: recorded(features=3)
OF["page"] = pages.inputs
OF |= {"catalog": lambda: None, "claims": lambda: verify(claims.load("bridges"), like_the_paper()), "beside": beside}
# Reports that need more than others of their kind.
OWN = {"encoder": diagnostics, "bridges_figure5": by_k_and_weight, "scores": scored, "ablation": ablated}
OWN["shots"] = by_shots

METHODS = {"comparison": ("lsq", "end2end")}  # that a report must be asked for


def given(name: str) -> Any:
    return OWN.get(name, OF[reports.load(name).needs])()


@pytest.fixture(scope="module", params=reports.names())
def made(request, tmp_path_factory):
    """Each report computed and written once: name, report, numbers, its files."""
    report = reports.load(request.param)
    numbers = report.compute(
        given(request.param), reports.Options(benchmark="made", methods=METHODS.get(request.param, ()))
    )
    files = reports.write(request.param, report, numbers, folder=tmp_path_factory.mktemp("results"), figures=["svg"])
    return request.param, report, numbers, {path.name: path for path in files}


def test_the_csv_file_holds_the_numbers_that_were_computed(made):
    name, report, numbers, files = made
    computed = next(iter(report.frames(numbers).values()))
    with files[f"{name}.csv"].open(encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    assert header == list(computed.columns)
    assert len(lines) == len(computed)
    for place, column in enumerate(computed):
        if pd.api.types.is_float_dtype(computed[column]):
            expected = computed[column].to_numpy(dtype=float, na_value=float("nan"))
            written = np.array([float(line[place] or "nan") for line in lines])
            np.testing.assert_array_equal(written, expected)  # to the last bit


def test_every_format_gives_the_same_table(made):
    _, report, numbers, _ = made
    table = report.table(numbers)
    plain = reports.show(report, numbers)
    parts = (table, *table.more)
    assert report.plain or all(cell in plain for part in parts for row in part.rows for cell in row)
    assert table.caption in reports.show(report, numbers, format="md")
    latex = reports.show(report, numbers, format="latex")
    assert latex.count(r"\\") == sum(len(part.rows) + 1 for part in parts)
    assert r"\toprule" in latex
    assert "_" not in latex.replace(r"\_", "").replace("lambda_", "")
    assert latex.isascii()  # whatever the reader's TeX is
    assert re.sub(r"\\[{}]", "", latex).count("{") == re.sub(r"\\[{}]", "", latex).count("}")
    for part, body in zip(parts, re.findall(r"\\toprule(.*?)\\bottomrule", latex, re.DOTALL), strict=True):
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {len(part.header) - 1}
    assert list(csv.reader(io.StringIO(reports.show(report, numbers, format="csv"))))[1:]


def test_json_has_no_nan_and_a_row_per_row(made):
    _, report, numbers, _ = made
    data = json.loads(reports.show(report, numbers, format="json"), parse_constant=pytest.fail)
    first, frame = next(iter(report.frames(numbers).items()))
    assert len(data[first]) == len(frame)
    assert data == json.loads(json.dumps(reports.data(report, numbers)))


def test_pictures_open_and_name_what_they_show(made):
    name, report, _, files = made
    if report.draw is None:
        return
    words = " ".join(ET.parse(files[f"{name}.svg"]).getroot().itertext())
    about = name if name in SHOWN else report.needs
    assert all(label in words for label in SHOWN.get(about, ("least squares", "end to end", "RMSE")))


@pytest.mark.slow
def test_pictures_are_for_print_too(made, tmp_path):
    name, report, numbers, _ = made
    if report.draw is None:
        return
    pdf, png, *_ = (
        path.read_bytes() for path in reports.write(name, report, numbers, folder=tmp_path, figures=["pdf", "png"])
    )
    assert pdf.startswith(b"%PDF")
    assert png.startswith(PNG)
    assert int.from_bytes(png[16:20]) > 900  # pixels across: a column at 300 per inch


def test_the_same_numbers_give_the_same_picture_byte_for_byte(made, tmp_path):
    name, report, numbers, files = made
    if report.draw is None:
        return
    (again, *_) = reports.write(name, report, numbers, folder=tmp_path, figures=["svg"])
    same = again.read_bytes() == files[f"{name}.svg"].read_bytes()
    assert same  # by itself: the difference of two pictures takes pytest minutes to write
    assert b"dc:date" not in again.read_bytes()


def test_nothing_half_written_stays_behind(made):
    _, _, _, files = made
    folder = next(iter(files.values())).parent
    assert {path.name for path in folder.iterdir()} == set(files)


@every_report
def test_the_catalog_knows_each_report_by_its_first_line(name):
    entry, report = catalog.entry("reports", name), reports.load(name)
    assert entry.summary.endswith(".")
    assert entry.arguments.get("needs", "cells") == report.needs
    assert entry.arguments.get("has_paper", False) == report.has_paper


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("figure3", "bridges_figure3"),
        ("bridges-figure4", "bridges_figure4"),
        ("Table1", "bridges_table1"),
        ("curves", "curves"),
    ],
)
def test_names_resolve(name, full):
    assert reports.find(name) == full


def test_a_misspelt_report_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'figure3'"):
        reports.find("figrue3")


def test_importing_the_package_is_cheap():
    code = (
        "import sys, regbench.reports as r; r.names(); r.find('figure3');"
        "print([m for m in ('matplotlib', 'pandas', 'torch', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def draw_curves(made: pd.DataFrame):
    report = reports.load("curves")
    assert report.draw is not None
    return report.draw(report.compute(made, reports.Options()))


def normalized(made: pd.DataFrame, **options):
    report = reports.load("normalized")
    numbers = report.compute(made, reports.Options(**options))
    return report, numbers


def test_a_row_of_the_json_has_the_promised_fields():
    data = reports.data(*normalized(like_the_paper()))
    assert len(data["rows"]) == 19 * 8
    wanted = {
        "dataset",
        "method",
        "variant",
        "k",
        "lambda_sigma",
        "n",
        "rmse_mean",
        "rmse_std",
        "mae_mean",
        "mae_std",
        "ratio",
    }
    assert wanted <= set(data["rows"][0])
    assert data["rows"][0]["ratio"] == 1
    assert data["rows"][0]["k"] is None


def test_missing_diverged_and_partial_cells_are_told_apart():
    nan = float("nan")
    made = grid(
        {
            "lsq": {name: [1.0, 1.2] for name in ("WN", "AE", "BS", "SC")},
            "end2end": {"WN": [0.5, 0.6], "AE": [None, None], "BS": [nan, nan], "SC": [0.5, nan]},
        }
    )
    report, numbers = normalized(made)
    table = report.table(numbers)
    assert table.rows[1][2:6] == ("*0.500 ± 0.064", "–", "div", "†0.500 (1/2)")
    assert "N = 2 per cell unless (n/planned) says otherwise" in table.caption
    assert "–: no finished run" in table.notes
    assert "div: every run diverged" in table.notes
    assert any("means are over 2 of 4 datasets (WN SC)" in note for note in table.notes)


def test_a_row_that_nobody_ran_is_named_below_the_table_and_shown_when_asked_for():
    made = grid(
        {
            "lsq": {"WN": [1.0, 1.2], "AE": [1.0, 1.1]},
            "soft_binning": {"WN": [None, None], "AE": [None, None]},
            "end2end": {"WN": [0.5, 0.6], "AE": [None, None]},
        }
    )
    report, numbers = normalized(made)
    table = report.table(numbers)
    assert [row[0] for row in table.rows] == ["lsq", "end2end"]
    assert "no finished run, and so not shown: soft_binning (k = 25)" in table.notes
    assert {row["method"] for row in reports.data(report, numbers)["rows"]} == {"lsq", "end2end"}
    report, numbers = normalized(made, methods=("lsq", "soft_binning"))
    assert [row[0] for row in report.table(numbers).rows] == ["lsq", "soft_binning"]


def test_when_every_cell_has_the_same_n_it_is_said_once():
    report, numbers = normalized(like_the_paper(seeds=5), k=(25,), benchmark="bridges", select="best-val")
    table = report.table(numbers)
    assert "N = 5 per cell;" in table.caption
    assert "Benchmark bridges, at the epoch of lowest validation RMSE" in table.caption
    assert [row[0] for row in table.rows] == [
        "lsq", "lsq_softmax", "hard_binning", "soft_binning", "soft_binning", "pretrained_encoder", "end2end",
    ]  # fmt: skip
    assert table.header[3:11] == ("WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM")


def test_what_was_left_out_and_what_is_synthetic_is_said():
    made = like_the_paper()
    made.attrs.update(left_out=["3 runs of older code"], synthetic=[made["dataset"].iloc[0]])
    report, numbers = normalized(made)
    notes = " ".join(report.table(numbers).notes)
    assert "3 runs of older code" in notes
    assert "SYNTHETIC" in notes


def test_without_a_baseline_rmse_and_mae_stand_side_by_side():
    report, numbers = normalized(grid({"lsq": {"DM": [0.1, 0.3]}}), normalize=None)
    table = report.table(numbers)
    assert table.header[-2:] == ("RMSE", "MAE")
    assert table.rows == (("DM", "lsq", "*0.20000 ± 0.14", "*0.10000 ± 0.071"),)
    assert reports.data(report, numbers)["rows"][0]["ratio"] is None


def test_a_missing_baseline_falls_back_to_the_errors_and_says_so():
    report, numbers = normalized(grid({"end2end": {"DM": [0.1]}}))
    assert report.table(numbers).header[-2:] == ("RMSE", "MAE")
    assert any("lsq is missing on DM" in note for note in report.table(numbers).notes)


def test_original_units_multiply_by_the_range_and_leave_ratios_alone():
    made = grid({"lsq": {"DM": [0.1]}, "end2end": {"DM": [0.05]}})
    rows = reports.data(*normalized(made, units="original", ranges={"DM": ([2.0], [12.0])}))["rows"]
    assert [each["rmse_mean"] for each in rows] == pytest.approx([1.0, 0.5])
    assert [each["ratio"] for each in rows] == pytest.approx([1.0, 0.5])
    with pytest.raises(UsageError, match="range of the targets of DM is not known"):
        normalized(made, units="original")
    with pytest.raises(UsageError, match="no single unit"):
        normalized(made, units="original", ranges={"DM": ([0.0, 0.0], [1.0, 1.0])})


def test_rows_of_raw_targets_are_in_original_units_already():
    def errors(made: pd.DataFrame, **options: Any) -> tuple[list[float], str]:
        report, numbers = normalized(made, normalize=None, **options)
        rows = reports.data(report, numbers)["rows"]
        return [each["rmse_mean"] for each in rows], report.table(numbers).caption

    made, ranges = grid({"lsq": {"DM": [0.1], "CA": [0.2]}, "end2end": {"DM": [0.3], "CA": [0.4]}}), {"DM": ([2], [12])}
    raw = made.assign(targets="raw")
    plain, said = errors(raw)
    assert "RMSE and MAE in units of the target, mean" in said
    assert errors(raw, units="original") == (plain, said)  # and no range has to be known

    one = made.assign(targets=["scaled", "raw", "scaled", "raw"])
    assert "scaled to [0, 1] (of the target itself: CA), mean" in errors(one)[1]
    converted, said = errors(one, units="original", ranges=ranges)
    assert sorted(converted) == pytest.approx([0.2, 0.4, 1.0, 3.0])
    assert "in original units, mean" in said

    two = made.assign(targets=["scaled", "scaled", "raw", "scaled"])
    assert "(of the target itself: end2end on DM), mean" in errors(two)[1]


def test_no_ratio_is_formed_of_errors_in_different_units():
    made = grid({"lsq": {"DM": [0.1]}, "end2end": {"DM": [0.05]}, "lsq_softmax": {"DM": [0.2]}})
    report, numbers = normalized(made.assign(targets=["scaled", "raw", "scaled"]))
    found = {each["variant"]: (each["ratio"], each["reason"]) for each in reports.data(report, numbers)["rows"]}
    assert found["end2end"] == (None, "lsq has scaled targets and this row raw ones")
    assert found["lsq_softmax"][0] == 2


def test_curves_are_drawn_in_original_units_too():
    report, ranges = reports.load("curves"), {"DM": ([2.0], [12.0])}
    scaled = report.compute(epochs(), reports.Options())
    original = report.compute(epochs(), reports.Options(units="original", ranges=ranges))
    np.testing.assert_allclose(original.rows["median"], 10 * scaled.rows["median"])
    assert "in original units" in report.table(original).caption
    assert "scaled to [0, 1]" in report.table(scaled).caption
    raw = report.compute(epochs().assign(targets="raw"), reports.Options(units="original"))
    pd.testing.assert_frame_equal(raw.rows, scaled.rows)
    assert "in units of the target, median" in report.table(raw).caption


def test_seeds_that_no_cell_has_yet_are_said_once():
    made = grid({"lsq": {"DM": [0.1, 0.2, None]}, "end2end": {"DM": [0.1, 0.2, None], "CA": [None, None, None]}})
    report, numbers = normalized(made)
    table = report.table(numbers)
    assert "N = 2 of 3 planned per cell;" in table.caption
    assert "(2/3)" not in str(table.rows)


def test_a_wide_table_is_cut_into_blocks_that_fit_and_loses_nothing():
    report, numbers = normalized(like_the_paper())
    text = reports.show(report, numbers, width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text for name in report.table(numbers).header)


def test_an_empty_store_is_nothing_measured():
    for act in (lambda: normalized(pd.DataFrame()), lambda: analysis.compare(pd.DataFrame(), "lsq", "end2end")):
        with pytest.raises(NothingMeasured, match="no job is planned"):
            act()


def test_nothing_finished_is_nothing_measured():
    with pytest.raises(NothingMeasured, match="no finished run"):
        normalized(grid({"lsq": {"DM": [None]}}))


@pytest.mark.parametrize(
    ("option", "says"), [({"metric": "rsme"}, "did you mean 'rmse'"), ({"units": "orignal"}, "did you mean 'original'")]
)
def test_a_wrong_option_is_answered_with_the_nearest(option, says):
    with pytest.raises(UsageError, match=says):
        reports.Options(**option)


def test_a_wrong_format_is_refused():
    with pytest.raises(UsageError, match="did you mean 'latex'"):
        reports.show(*normalized(like_the_paper(seeds=1)), format="latx")


def test_figures_show_the_default_variant_and_name_the_other():
    report = reports.load("figure3")
    numbers = report.compute(like_the_paper(), reports.Options())
    assert list(numbers.means["variant"]) == [
        "lsq",
        "lsq_softmax",
        "hard_binning",
        "soft_binning",
        "pretrained_encoder",
        "end2end",
    ]
    assert "not drawn: soft_binning[lambda_sigma=1]" in report.table(numbers).notes


def test_figure_4_of_table_2_is_the_papers():
    report = reports.load("figure4")
    made = like_the_paper(seeds=2, noise=0.0)
    rows = reports.data(report, report.compute(made, reports.Options(paper=True)))["rows"]
    ours = [each["arithmetic"] for each in rows]
    assert ours == pytest.approx([1.000, 1.045, 0.835, 0.820, 0.807, 0.757], abs=5.1e-4)
    assert ours == pytest.approx([each["paper_arithmetic"] for each in rows])
    assert [each["arithmetic_std"] for each in rows] == pytest.approx([0] * 6, abs=1e-12)


def test_the_papers_markers_are_drawn_and_labelled_on_request(tmp_path):
    for name in ("bridges_figure3", "bridges_figure4"):
        report = reports.load(name)
        numbers = report.compute(like_the_paper(), reports.Options(paper=True))
        files = {path.suffix: path for path in reports.write(name, report, numbers, folder=tmp_path)}
        assert "paper, Table 2" in " ".join(ET.parse(files[".svg"]).getroot().itertext())
        assert "paper_" in files[".csv"].read_text(encoding="utf-8").splitlines()[0]


def test_a_figure_of_one_dataset_with_gaps_and_one_seed_is_drawn(tmp_path):
    made = grid({"lsq": {"DM": [1.0]}, "hard_binning": {"DM": [None]}, "end2end": {"DM": [float("nan")]}})
    for name in ("bridges_figure3", "bridges_figure4"):
        report = reports.load(name)
        assert reports.write(name, report, report.compute(made, reports.Options()), folder=tmp_path)


@pytest.mark.parametrize(("low", "high"), [(0.26, 0.31), (0.099, 0.102), (0.02, 0.5)])
def test_an_axis_of_errors_has_labels_however_narrow(low, high):
    made = epochs().assign(value=np.linspace(low, high, len(epochs())))
    figure = draw_curves(made)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels() if label.get_visible()]
    assert len([label for label in labels if label]) >= 2


def test_a_figure_takes_one_k():
    with pytest.raises(UsageError, match="one k"):
        reports.load("figure3").compute(like_the_paper(), reports.Options(k=(5, 25)))


def test_table_1_marks_where_the_paper_differs_and_says_why():
    report = reports.load("table1")
    table = report.table(report.compute(None, reports.Options()))
    assert any("7" in note and "Wine" in note for note in table.notes)
    assert any("8191" in note for note in table.notes)
    assert len(table.notes) == 2


def test_curves_are_the_median_and_range_over_finite_seeds():
    rows = reports.load("curves").compute(epochs(), reports.Options()).rows
    last = rows[(rows["variant"] == "end2end") & (rows["split"] == "test") & (rows["epoch"] == 4)].iloc[0]
    assert list(last[["median", "low", "high", "n"]]) == pytest.approx([0.3, 0.25, 0.35, 2])


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    report = reports.load("table1")
    with pytest.raises(InfrastructureError, match="cannot be written"):
        reports.write("x", report, report.compute(None, reports.Options()), folder=tmp_path / "file" / "below")


def test_a_comparison_reads_the_same_in_every_format():
    report, found = reports.load("comparison"), analysis.compare(like_the_paper(), "soft_binning", "end2end")
    text = reports.show(report, found)
    assert found.sentence in text
    assert "smallest p that 8 datasets can give is 0.00781" in text
    assert len(reports.show(report, found, format="csv").splitlines()) == 9
    assert json.loads(reports.show(report, found, format="json"))["verdict"] == found.verdict
    assert found.a in reports.show(report, found, format="md")


def test_a_comparison_is_of_two_methods_and_the_same_as_the_commands():
    report = reports.load("comparison")
    found = report.compute(like_the_paper(), reports.Options(methods=("soft_binning", "end2end")))
    assert found == analysis.compare(like_the_paper(), "soft_binning", "end2end")
    with pytest.raises(UsageError, match="--method A --method B"):
        report.compute(like_the_paper(), reports.Options(methods=("lsq",)))


def test_single_claims_are_shown_with_all_that_decides_them():
    report, findings = reports.load("claims"), verify(claims.load("bridges"), only=["end2end-best"])
    brief, whole = (report.compute(findings, reports.Options(claims=only)) for only in ((), ("end2end-best",)))
    assert "The cells that decide it" in reports.show(report, whole)
    assert "The cells that decide it" not in reports.show(report, brief)
    assert reports.show(report, whole, format="latex").count(r"\begin{table}") == 2
    assert reports.show(report, whole, format="csv").startswith("claim,dataset,alias")
    assert reports.show(report, brief, format="csv").startswith("id,section,text")


def test_a_pipe_in_a_name_does_not_break_markdown():
    made = frame([row("a|b", "lsq", 0, 1.0)])
    assert r"a\|b" in reports.show(*normalized(made, normalize=None), format="md")


def ruled() -> reports.Table:
    rows = (("lsq", "1.0", "2.0"), ("end2end", "0.9", "1.8"), ("ridge", "1.1", "2.2"))
    return reports.Table("A caption", ("method", "DM", "CA"), rows, index=1, rules=(2,))


def test_a_rule_is_a_line_above_its_row_in_every_block():
    header, line, *_, rule, last = render.text(ruled(), "table").splitlines()[2:]
    assert header.startswith("method")
    assert rule == line
    assert last.startswith("ridge")
    narrow = render.text(ruled(), "table", width=16)
    assert narrow.count("ridge") == 2
    assert narrow.count("--------  ----\nridge") == 2


def test_a_rule_is_an_empty_row_of_markdown_and_a_midrule_of_latex():
    *_, empty, last = render.text(ruled(), "md").splitlines()
    assert set(empty) == {"|", " "}
    assert last.startswith("| ridge")
    latex = render.text(ruled(), "latex").splitlines()
    assert latex[latex.index(next(line for line in latex if "ridge" in line)) - 1].strip() == r"\midrule"
    assert [line.strip() for line in latex if "rule" in line] == [
        r"\toprule",
        r"\midrule",
        r"\midrule",
        r"\bottomrule",
    ]


def test_results_go_where_they_were_sent(tmp_path: Path):
    report, numbers = normalized(like_the_paper())
    files = reports.write("normalized", report, numbers, folder=tmp_path / "new" / "folder")
    assert [path.name for path in files] == ["normalized.csv", "normalized-means.csv"]
