"""Figures 2 to 8 of the second paper: which runs they show, and that their numbers are those of the arrays."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from regbench import reports
from regbench.errors import NothingMeasured
from regbench.reports.tightness import runs
from tests.made.recorded import arrays, recorded

FIGURES = {f"tightness_figure{number}": 2 if number in (4, 6) else 3 for number in range(2, 9)}
EXPECTED = {
    2: ["targets, EL", "+ MT + ROT", "least squares"],
    3: ["epoch 1", "epoch 10", "+ ROT"],
    4: ["epoch 10", "direction of θ", "θ of least squares", "updates of several"],
    5: ["targets", "hard binning, ρ", "distance ("],
    6: ["epoch 1 to 2", "epoch 2 to 3"],
    7: ["increments of θ", "epoch"],
    8: ["increments of θ", "step"],
}


def numbers_of(name: str, given: reports.Recorded | None = None, **options):
    given = given or recorded(features=FIGURES[name])
    return reports.load(name).compute(given, reports.Options(benchmark="made", **options))


@pytest.mark.parametrize("name", FIGURES)
def test_each_is_drawn_and_names_its_panels(name: str, tmp_path: Path) -> None:
    report = reports.load(name)
    files = reports.write(name, report, numbers_of(name), folder=tmp_path, figures=["svg"])
    shown = " ".join(ET.parse(files[0]).getroot().itertext())
    assert all(words in shown for words in EXPECTED[int(name[-1])])


@pytest.mark.parametrize("name", FIGURES)
def test_each_says_benchmark_dataset_and_seed(name: str) -> None:
    report = reports.load(name)
    table = report.table(numbers_of(name))
    assert "Benchmark made, elevators, seed 0" in table.caption
    assert report.benchmark is not None
    assert report.benchmark.startswith("tightness-")


def test_synthetic_coordinates_are_marked() -> None:
    given = recorded(["lsq", "lsq+rot"], dataset="coordinates_circle", m=3, features=3)
    notes = reports.load("tightness_figure2").table(numbers_of("tightness_figure2", given)).notes
    assert any(note.startswith("SYNTHETIC") for note in notes)


@pytest.mark.parametrize("name", FIGURES)
def test_without_arrays_there_is_one_line(name: str) -> None:
    given = recorded()
    empty = reports.Recorded(given.cells, lambda _: {})
    with pytest.raises(NothingMeasured, match="no finished run here kept its"):
        numbers_of(name, empty)


def test_the_seed_with_most_rows_is_shown() -> None:
    given = recorded(["lsq", "lsq+rot"], seeds=3)
    gone = (given.cells["variant"] == "lsq+rot") & (given.cells["seed"] == 0)
    given.cells.loc[gone, "run_id"] = None
    found = runs.shown(given, reports.Options(), "features")
    assert {run.seed for run in found} == {1}
    assert [run.label for run in found] == ["least squares", "+ ROT"]


def test_moves_along_theta_are_at_no_distance_from_it() -> None:
    rows = reports.load("tightness_figure6").frames(numbers_of("tightness_figure6"))["rows"]
    assert list(zip(rows["from"], rows["to"], strict=True)) == [(1, 2), (2, 3)]  # epoch 10 adjoins none
    np.testing.assert_allclose(rows[["distance_pca", "distance_line", "distance_mean"]], 0, atol=1e-10)
    np.testing.assert_allclose(rows[["share_pca", "share_line"]], 1, atol=1e-10)
    y = arrays("lsq", [1])[1]["targets"]
    assert rows["length"].to_list() == pytest.approx([y.mean()] * 2, rel=1e-6)
    assert (rows["width_after"] < rows["width_before"]).all()


def test_a_theta_that_never_turns_and_classes_that_do() -> None:
    found = numbers_of("tightness_figure4")
    np.testing.assert_allclose(found.theta, 0, atol=1e-12)
    assert (found.classes[0] > 1e-4).all()
    np.testing.assert_array_equal(found.classes[-1], 0)
    assert [(move.first, move.last) for move in found.moves] == [(1, 10)]


@pytest.mark.parametrize("name", ["tightness_figure7", "tightness_figure8"])
def test_updates_along_one_line_are_found_to_be(name: str) -> None:
    report, found = reports.load(name), numbers_of(name)
    frames = report.frames(found)
    assert len(frames["rows"]) == 3  # pairs of three heads
    np.testing.assert_allclose(frames["rows"]["increments"], 0, atol=1e-10)
    np.testing.assert_allclose(frames["heads"]["share"], 1, atol=1e-8)
    weights = {epoch: each["weight"] for epoch, each in arrays("lsq+multi_target[m=3]", [1, 2], features=3).items()}
    first = frames["increments"].query("head == 2").iloc[0]
    np.testing.assert_allclose(first[["change_1", "change_2", "change_3"]].astype(float), weights[2][1] - weights[1][1])


def test_features_that_become_a_line_have_all_variance_along_it() -> None:
    rows = numbers_of("tightness_figure3").rows.query("variant == 'lsq'").set_index("epoch")
    assert rows["share_1"].is_monotonic_increasing
    assert rows.loc[10, "share_1"] > 0.99
    np.testing.assert_allclose(rows[["share_1", "share_2", "share_3"]].sum(axis=1), 1)
    assert rows.loc[10, "spearman"] > rows.loc[1, "spearman"]


def test_the_matrix_of_targets_comes_first_and_grows_away_from_its_diagonal() -> None:
    first, *others = numbers_of("tightness_figure5").matrices
    assert (first.name, len(others)) == ("targets", 5)
    assert (np.diff(first.distances[0]) >= 0).all()
    np.testing.assert_array_equal(first.distances, first.distances.T)
    assert all(0.9 < each.spearman <= 1 for each in others)


def test_features_equal_to_targets_are_like_them() -> None:
    given = recorded(["lsq"], m=3, features=3, epochs=[1])
    kept = given.arrays(1)
    same = {1: {**kept[1], "features": 5 * kept[1]["targets"] + 1}}
    rows = reports.load("tightness_figure2").frames(
        numbers_of("tightness_figure2", reports.Recorded(given.cells, lambda _: same))
    )["rows"]
    assert rows["disparity"].to_list() == pytest.approx([0], abs=1e-9)
    assert rows["spearman"].to_list() == pytest.approx([1], abs=1e-6)
