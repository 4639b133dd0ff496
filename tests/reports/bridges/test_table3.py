"""Table 3: the chosen weights of the KL term beside the paper's, and how much the choice matters."""

from dataclasses import replace

import pandas as pd
import pytest

from regbench import reports
from regbench.analysis.choices import at, gather, profile
from regbench.errors import NothingMeasured
from tests.made.cells import choices


def blocks(given, **options) -> dict[str, dict[str, dict[str, str]]]:
    report = reports.load("table3")
    table = report.table(report.compute(given, reports.Options(**options)))
    return {
        part.title: {line[1]: dict(zip(part.header[2:], line[2:], strict=True)) for line in part.rows}
        for part in (table, *table.more)
    }


def test_ours_and_the_papers_stand_beside_each_other_with_their_marks():
    found = blocks(choices())
    assert found["Chosen"] == {"5": {"DM": "", "RM": "0.1 (k = 25)"}, "25": {"DM": "1 (edge)", "RM": ""}}
    assert found["The paper's"] == {"5": {"DM": "", "RM": "0.147"}, "25": {"DM": "0.068", "RM": ""}}


def test_how_flat_the_optimum_is():
    found = blocks(choices())
    assert found["Lowest val/rmse at the paper's λKL, relative to the best"]["25"]["DM"] == "1.500"
    assert found["Range of λKL with val/rmse within 1 % of the best"]["25"]["DM"] == "0.316 to 1"


def test_a_value_counts_with_the_best_of_all_that_was_tried_beside_it():
    given = choices()
    errors = profile(given, given.made.iloc[0], "lambda_kl")
    assert dict(errors) == pytest.approx({0.0681292069058: 0.3, 0.316227766017: 0.201, 1.0: 0.2})
    assert (at(errors, 0.068), at(errors, 0.147)) == (0.3, None)


def test_what_diverged_or_lacks_a_seed_has_no_error():
    given = choices()
    twice = pd.concat([given.tried, given.tried.assign(job_key=given.tried["job_key"] + "b")], ignore_index=True)
    twice.loc[[0, 1], "diverged"], twice.loc[6, "val_rmse"] = True, None
    row = {**given.made.iloc[0], "jobs": list(twice["job_key"])}
    assert dict(profile(replace(given, tried=twice), row, "lambda_kl")) == pytest.approx({1.0: 0.2})


def test_without_the_sweep_the_choice_is_shown_and_its_neighbourhood_is_not():
    found = blocks(gather(choices().made, []))
    assert found["Chosen"]["25"]["DM"] == "1 (edge)"
    assert found["Lowest val/rmse at the paper's λKL, relative to the best"]["25"]["DM"] == "–"


def test_every_chosen_value_is_in_the_files():
    report = reports.load("table3")
    frames = report.frames(report.compute(choices(), reports.Options()))
    assert list(frames) == ["rows", "chosen"]
    assert list(frames["chosen"]["field"]) == ["lambda_kl", "learning_rate", "lambda_kl"]
    assert list(frames["chosen"]["on_edge"]) == [True, False, False]


def test_the_order_of_choices_and_of_the_sweep_does_not_matter():
    given = choices()
    turned = gather(given.made.iloc[::-1].reset_index(drop=True), [given.tried.iloc[::-1]])
    assert blocks(given) == blocks(turned)


def test_filters_and_nothing_chosen():
    assert list(blocks(choices(), datasets=("DM",))["Chosen"]) == ["25"]
    empty = choices()
    with pytest.raises(NothingMeasured, match="regbench run bridges"):
        blocks(replace(empty, made=empty.made[empty.made["method"] == "lsq"]))
