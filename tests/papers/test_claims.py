"""The claims of every paper as data: they can be read, name what there is, and say what is wrong with them."""

import pytest

from regbench import catalog
from regbench.analysis.claims.rows import row
from regbench.errors import UsageError
from regbench.papers import bridges, claims, tables

SMALL = """
title: A paper
reference: none
benchmarks: [made]
datasets: [A, B]
baseline: lsq
errors: []
claims:
  - {{id: one, text: it is so, section: "1", holds_if: {}}}
"""


@pytest.mark.parametrize("name", claims.names())
def test_every_row_and_dataset_of_a_paper_is_one_that_its_tables_have(name):
    paper = claims.load(name)
    printed = {(each.dataset, row(each.row, each.k)) for table in paper.errors for each in tables.errors(table)}
    assert {dataset for dataset, _ in printed} == set(paper.datasets)
    for dataset in paper.datasets:
        assert catalog.resolve("datasets", dataset)
    assert all(claim.text and claim.section for claim in paper.claims)


def test_the_first_paper_has_its_sentences():
    assert len(claims.load("bridges").claims) >= 20


def test_a_number_has_the_digits_that_are_printed():
    cells = {(each.dataset, each.row, each.k): each.number for each in tables.errors(claims.load("bridges").errors[0])}
    assert len(cells) == len(bridges.table2())
    assert cells["BS", "lsq_softmax", 5].interval() == (0.0895, 0.0905)
    assert cells["EL", "lsq", None].interval() == (0.025, 0.035)  # the one cell that is printed with two
    assert cells["EL", "lsq", None].interval(3) == (0.0295, 0.0305)
    assert cells["WN", "soft_binning[lambda_sigma=0.5]", 5].value == 0.095
    assert {each.decimals for each in cells.values()} == {2, 3}


def test_what_a_sweep_chose_is_read_by_dataset_and_k():
    chosen = tables.chosen(claims.load("bridges").chosen[0])
    assert chosen["RM", 15] == 3.163
    assert {(k, dataset): value for (dataset, k), value in chosen.items()} == bridges.table3()


@pytest.mark.parametrize(
    ("holds_if", "message"),
    [
        ("{lowst: {}}", "no predicate called 'lowst'; did you mean 'lowest'?"),
        ("{lowest: {row: lsq, among: [end2end], k: [25], were: somewhere}}", "were: Extra inputs are not permitted"),
        ("{lowest: {row: lsq}}", "among: Field required"),
        ("[lowest]", "a predicate is one name with its fields"),
        ("{improves: {rows: lsq, over: end2end, where: sometimes}}", "'everywhere', 'somewhere' or 'mostly'"),
    ],
)
def test_a_wrong_predicate_is_named_with_its_place(holds_if, message):
    with pytest.raises(UsageError) as error:
        claims.read(SMALL.format(holds_if), "small")
    assert str(error.value).startswith("small.yaml, claims.0.holds_if")
    assert message in str(error.value)


def test_a_file_that_is_no_yaml_is_said_with_the_line():
    with pytest.raises(UsageError, match=r"small\.yaml:2: not YAML"):
        claims.read("title: [a\nclaims: b", "small")


def test_two_claims_of_one_name_are_refused():
    text = SMALL.format("{improves: {rows: lsq, over: end2end}}")
    with pytest.raises(UsageError, match="two claims are called 'one'"):
        claims.read(text + text.partition("claims:")[2], "small")


def test_an_unknown_paper_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no paper called 'brigdes'; did you mean 'bridges'"):
        claims.load("brigdes")
