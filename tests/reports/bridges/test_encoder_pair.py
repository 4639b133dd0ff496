"""Figures 2, 6 and 7: which runs they show, and that what is drawn is what the encoders say."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from regbench import reports
from regbench.analysis import encoders
from regbench.errors import NothingMeasured, UsageError
from regbench.reports.bridges import encoder_pair
from tests.made.encoders import DATASET, parameters, planar


def numbers_of(given: reports.Encoders, **options) -> encoder_pair.Numbers:
    return encoder_pair.compute(given, reports.Options(benchmark="made", **options))


@pytest.fixture(scope="module")
def numbers() -> encoder_pair.Numbers:
    return numbers_of(planar())


def test_soft_binning_is_the_fixed_one_and_end_to_end_the_learnt_one_unless_another_is_named(numbers):
    assert [each.method for each in numbers.both] == ["soft_binning", "end2end"]
    other = numbers_of(planar(), methods=("pretrained_encoder",))
    assert [each.method for each in other.both] == ["soft_binning", "pretrained_encoder"]
    other = numbers_of(planar(), methods=("hard_binning",))
    assert [each.method for each in other.both] == ["hard_binning", "end2end"]


def test_the_first_seed_with_both_is_shown_and_named():
    given = planar(seeds=3)
    gone = (given.cells["method"] == "end2end") & (given.cells["seed"] == 0)
    given.cells.loc[gone, "run_id"] = None
    diverged = (given.cells["method"] == "soft_binning") & (given.cells["seed"] == 1)
    given.cells.loc[diverged, "diverged"] = True
    found = numbers_of(given)
    assert found.source.startswith("Seed 2, the first with both, benchmark made")
    np.testing.assert_array_equal(found.fixed.mu, parameters("soft_binning", seed=2)["centres"])


def test_shares_over_the_plane_sum_to_one_and_are_those_of_the_stored_parameters(numbers):
    report = reports.load("figure7")
    made = report.compute(planar(), reports.Options())
    grid = report.frames(made)["rows"]
    shares = grid[[f"psi_{i}" for i in range(1, 10)]].to_numpy()
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-13)
    plane = grid[["east", "north"]].to_numpy()
    np.testing.assert_array_equal(shares, encoders.psi(parameters("end2end"), plane)[:, list(numbers.bins)])
    assert len(grid) == encoder_pair.GRID**2


def test_y_is_a_training_target_and_its_shares_are_drawn_with_the_one_hot_of_its_bin(numbers):
    assert (numbers.targets == numbers.y).all(1).any()
    rows = reports.load("figure2").frames(numbers)["rows"]
    for _, each in rows.groupby("encoder"):
        assert each["psi_y"].sum() == pytest.approx(1)
        assert each["hard_y"].sum() == 1
        assert each["hard_y"].to_numpy().argmax() == each["psi_y"].to_numpy().argmax()
        assert each["targets"].sum() == len(numbers.targets)


def test_bins_are_numbered_as_one_reads_and_alike_in_both_encoders(numbers):
    centres = numbers.fixed.mu[list(numbers.bins)].reshape(3, 3, 2)
    assert (np.diff(centres[..., 0], axis=1) > 0).all()
    assert (centres[:-1, :, 1].min(1) > centres[1:, :, 1].max(1)).all()
    frames = reports.load("figure2").frames(numbers)["rows"]
    assert frames["stored_as"].tolist() == [*numbers.bins, *numbers.bins]


def test_it_says_that_there_is_no_grid_of_three_by_three_and_that_the_data_are_made_up(numbers):
    for name, remarks in [("figure2", 2), ("figure6", 1), ("figure7", 1)]:
        report = reports.load(name)
        table = report.table(report.compute(planar(), reports.Options()))
        assert "SYNTHETIC" in table.notes[0]
        assert len(table.notes) == 1 + remarks
        assert any("k-means++" in note and "3 × 3" in note for note in table.notes) == (name != "figure7")
        assert "Seed 0, the first with both" in table.caption
        assert "scaled to [0, 1]" in table.caption


def test_without_the_data_the_encoders_are_still_drawn(tmp_path):
    for name in ("figure2", "figure6"):
        report = reports.load(name)
        made = report.compute(planar(here=False), reports.Options())
        assert any("regbench data fetch" in note for note in report.table(made).notes)
        assert reports.write(name, report, made, folder=tmp_path, figures=["svg"])


def test_any_number_of_bins_has_a_panel_each():
    report = reports.load("figure6")
    assert report.draw is not None
    figure = report.draw(report.compute(planar(k=5), reports.Options()))
    assert sum(axes.axison for axes in figure.axes) == 5 + 1  # and the colour bar
    assert {axes.get_title() for axes in figure.axes if axes.get_title()} == {f"i = {i}" for i in range(1, 6)}


def test_a_bin_without_a_share_anywhere_has_an_empty_panel(tmp_path):
    given = planar()
    dead = {run: dict(given.parameters(run)) for run in given.cells["run_id"]}
    for own in dead.values():
        if "w_bias" in own:
            own["w_bias"] = own["w_bias"] - 1e4 * np.eye(9)[0]
    report = reports.load("figure7")
    numbers = report.compute(replace(given, parameters=dead.__getitem__), reports.Options())
    assert reports.write("figure7", report, numbers, folder=tmp_path, figures=["svg"])


def test_the_plane_has_equal_scales_and_holds_every_target(numbers):
    report = reports.load("figure2")
    assert report.draw is not None
    figure = report.draw(numbers)
    maps = [axes for axes in figure.axes if axes.get_xlabel() == "east"]
    assert [axes.get_aspect() for axes in maps] == [1] * 4
    low, high = numbers.axis[:, 0], numbers.axis[:, -1]
    assert (low < 0).all()
    assert (high > 1).all()


def test_a_figure_names_its_encoders_in_the_colours_of_their_methods(numbers, tmp_path):
    report = reports.load("figure2")
    (svg, *_) = reports.write("figure2", report, numbers, folder=tmp_path, figures=["svg"])
    words = " ".join(ET.parse(svg).getroot().itertext())
    for label in ("fixed encoder (soft binning)", "learnt encoder (end to end)", "(synthetic)"):
        assert label in words
    text = svg.read_text(encoding="utf-8").lower()
    assert "#0072b2" in text
    assert "#d55e00" in text


def test_without_two_encoders_of_one_seed_it_says_what_to_run():
    for given in (
        planar(["soft_binning"]),
        replace(planar(), dimensions={"sha256:made": 1}),
        replace(planar(), parameters=lambda _: {}),
    ):
        with pytest.raises(NothingMeasured, match="regbench run bridges-figure2"):
            numbers_of(given)


def test_what_it_cannot_show_is_refused():
    with pytest.raises(UsageError, match="scaled target"):
        numbers_of(planar(), units="original")
    with pytest.raises(NothingMeasured, match="regbench run bridges-figure2"):
        numbers_of(replace(planar(), cells=planar().cells.assign(targets="raw")))
    with pytest.raises(NothingMeasured, match="k 5"):
        numbers_of(planar(), k=(5,))
    with pytest.raises(UsageError, match="did you mean"):
        numbers_of(planar(), datasets=(f"{DATASET}s",))
