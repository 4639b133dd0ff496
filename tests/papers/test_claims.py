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
    in_text = {name for name in paper.columns if paper.columns[name].not_run}  # some numbers are in no table
    assert set(paper.datasets) - in_text <= {dataset for dataset, _ in printed} <= set(paper.datasets)
    for dataset in set(paper.datasets) - in_text:
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


@pytest.mark.parametrize(
    ("includes", "message"), [("tow", "no claim called 'tow'"), ("one", "what it includes must stand above it")]
)
def test_a_claim_includes_only_what_stands_above_it(includes, message):
    text = SMALL.format("{improves: {rows: lsq, over: end2end}}").replace(
        "id: one,", f"id: one, includes: [{includes}],"
    )
    with pytest.raises(UsageError, match=f"small.yaml, one: {message}"):
        claims.read(text, "small")


def test_an_unknown_paper_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no paper called 'brigdes'; did you mean 'bridges'"):
        claims.load("brigdes")


def test_a_paper_of_the_users_own_is_a_file_with_its_tables_beside_it(tmp_path):
    text = SMALL.format("{improves: {rows: lsq, over: end2end, k: 25}}")
    own = tmp_path / "mine.yaml"
    own.write_text(text.replace("errors: []", "errors: [{name: Table 1, file: mine.csv, value: mae, dataset: A}]"))
    with pytest.raises(UsageError, match=r"mine\.yaml, Table 1: there is no file .*mine\.csv"):
        claims.load(str(own))
    (tmp_path / "mine.csv").write_text("method,k,mae\nlsq,,7.80\nend2end,25,7.3\n")
    paper = claims.load(str(own))
    found = [(each.row, each.k, each.number.interval()) for each in tables.errors(paper.errors[0], paper.folder)]
    assert found == [("lsq", None, (7.795, 7.805)), ("end2end", 25, (7.25, 7.35))]


COLUMNS = SMALL.replace("datasets: [A, B]", "columns: {{MAE: {{what: an error, not_run: no images}}}}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{improves: {rows: lsq, over: end2end, datasets: MEA}}", "small.yaml, one: no column called 'MEA'; did you"),
        ("{adds_up: {rows: lsq, whole: MAE, parts: {MAE: 1, few: 2}}}", "small.yaml, one: no column called 'few'"),
        ("{adds_up: {rows: lsq, whole: MAE, parts: {MAE: 1}}}", "small.yaml, claims.0.holds_if.parts"),
        ("{difference: {row: lsq, over: end2end, about: 1, to_the: 0.1}}", "datasets: Field required"),
    ],
)
def test_a_claim_on_a_column_that_the_paper_does_not_describe_is_named(text, message):
    with pytest.raises(UsageError) as error:
        claims.read(COLUMNS.format(text), "small")
    assert message in str(error.value)


def test_a_column_has_runs_of_ours_or_the_reason_why_not():
    text = COLUMNS.replace(", not_run: no images", "").format("{improves: {rows: lsq, over: end2end, datasets: MAE}}")
    with pytest.raises(UsageError, match=r"small\.yaml, columns\.MAE: .*`not_run`"):
        claims.read(text, "small")


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("method,k,ma\nlsq,,1\n", "mine.csv: no column called 'mae'; did you mean 'ma'?"),
        ("method,k,mae\nlsq,,low\n", "mine.csv, lsq: could not convert string to float: 'low'"),
    ],
)
def test_a_table_without_its_numbers_is_named(tmp_path, csv, message):
    (tmp_path / "mine.csv").write_text(csv)
    with pytest.raises(UsageError) as error:
        tables.errors(claims.ErrorTable(name="Table 1", file="mine.csv", value="mae", dataset="A"), tmp_path)
    assert str(error.value) == message


def test_a_file_of_a_paper_that_is_not_there_is_said():
    with pytest.raises(UsageError, match=r"none\.yaml cannot be read: No such file"):
        claims.load("none.yaml")
