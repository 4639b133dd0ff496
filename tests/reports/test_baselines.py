"""Reference models in tables and figures: below a rule, last, and without a say in what methods are averaged over."""

import pytest

from regbench import analysis, kinds, reports
from tests.made.cells import frame, grid, row

BELOW = ["train_mean", "ridge", "hist_gradient_boosting"]


def mixed():
    """Two methods with five seeds on a table and on pictures; references once, on pictures the mean alone."""
    methods = {name: {"DM": [0.1] * 5, "RM": [0.2] * 5} for name in ("hard_binning", "lsq")}
    once = {"hist_gradient_boosting": {"DM": [0.05]}, "train_mean": {"DM": [0.4], "RM": [0.3]}, "ridge": {"DM": [0.2]}}
    every = grid({**once, **methods})
    every["k"] = every["k"].where(~every["method"].map(kinds.is_reference))
    return every


def made(name: str, cells, **options):
    report = reports.load(name)
    numbers = report.compute(cells, reports.Options(**options))
    return report, numbers, report.table(numbers)


def test_reference_models_stand_below_a_rule_in_their_own_order():
    _, _, table = made("normalized", mixed())
    assert [each[0] for each in table.rows] == ["lsq", "hard_binning", *BELOW]
    assert table.rules == (2,)


def test_a_table_of_reference_models_alone_has_no_rule():
    _, _, table = made("normalized", grid({name: {"DM": [0.1]} for name in BELOW}), normalize="ridge")
    assert [each[0] for each in table.rows] == BELOW
    assert table.rules == ()


def test_one_run_of_a_deterministic_model_is_shown_as_one():
    _, _, table = made("normalized", mixed())
    assert [each[2] for each in table.rows] == [
        "*1.000 ± 0.000",
        "*1.000 ± 0.000",
        "4.000 (1/1)",
        "2.000 (1/1)",
        "*0.500 (1/1)",
    ]


def test_a_reference_that_reads_no_images_takes_no_dataset_from_the_means_of_methods():
    _, numbers, table = made("normalized", mixed())
    means = numbers.normalized.means.set_index("method")
    assert numbers.normalized.common == ("DM", "RM")
    assert list(means.loc[["lsq", "hard_binning", "train_mean"], "arithmetic"]) == pytest.approx([1, 1, 2.75])
    assert means.loc[["ridge", "hist_gradient_boosting"], "arithmetic"].isna().all()
    assert any(note.startswith("no mean of ridge, hist_gradient_boosting, for want of a ratio") for note in table.notes)


def test_where_there_are_no_methods_the_means_are_over_what_references_share():
    only = {"ridge": {"DM": [0.2], "CA": [0.2]}, "train_mean": {"DM": [0.4], "CA": [0.6], "RM": [0.3]}}
    _, numbers, _ = made("normalized", grid(only), normalize="ridge")
    assert numbers.normalized.common == ("CA", "DM")


@pytest.mark.parametrize("name", ["figure3", "figure4"])
def test_a_figure_of_methods_leaves_references_out_and_says_so_unless_they_are_named(name, tmp_path):
    _, numbers, table = made(name, mixed())
    assert set(numbers.normalized.cells["method"]) == {"lsq", "hard_binning"}
    assert "not drawn: hist_gradient_boosting, ridge, train_mean" in table.notes
    report, numbers, _ = made(name, mixed(), methods=("lsq", "ridge"))
    assert set(numbers.normalized.cells["method"]) == {"lsq", "ridge"}
    assert reports.write(name, report, numbers, folder=tmp_path, figures=["svg"])


def test_a_figure_of_references_alone_draws_them():
    _, numbers, _ = made("figure3", grid({name: {"DM": [0.1]} for name in BELOW}), normalize="ridge")
    assert set(numbers.normalized.cells["method"]) == set(BELOW)


def test_a_model_that_was_run_once_is_compared_with_every_seed_of_another():
    cells = grid({"ridge": {"DM": [0.2], "CA": [0.2]}, "lsq": {"DM": [0.1, 0.11, 0.12], "CA": [0.3, 0.3, 0.3]}})
    found = analysis.compare(cells, "lsq", "ridge")
    assert [(each.dataset, each.n, each.wins) for each in found.datasets] == [("CA", 3, 0), ("DM", 3, 3)]
    assert [each.b_mean for each in found.datasets] == pytest.approx([0.2, 0.2])
    assert found.datasets[1].low is not None
    assert (found.missing, found.notes) == ((), ())
    drawn = grid({"random_forest": {"DM": [0.2]}, "lsq": {"DM": [0.1, 0.11, 0.12]}})
    assert [each.n for each in analysis.compare(drawn, "lsq", "random_forest").datasets] == [1]


def test_a_misspelt_reference_is_answered_with_the_nearest():
    with pytest.raises(Exception, match="no method called 'rigde'; did you mean 'ridge'"):
        made("normalized", frame([row("DM", "lsq", 0, 0.1)]), methods=("rigde",))
