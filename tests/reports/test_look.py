"""A table with the columns, the caption and the label that its reader wants."""

import re

import pytest

from regbench.errors import UsageError
from regbench.reports import Table
from regbench.reports.text.look import Look
from regbench.reports.text.render import text


def table() -> Table:
    rows = (("lsq", "", "1.00", "2.00", "3.00"), ("end2end", "25", "*0.90", "-", "2.90"))
    second = Table("", ("method", "k", "CA"), (("lsq", "", "7.00"),), index=2, title="MAE")
    return Table("Its own", ("method", "k", "DM", "CA", "EL"), rows, ("a note",), index=2, rules=(1,), more=(second,))


def test_columns_are_those_asked_for_in_that_order_behind_the_names_of_the_rows():
    shown = Look(columns=("EL", "DM")).of(table())
    assert shown.header == ("method", "k", "EL", "DM")
    assert shown.rows == (("lsq", "", "3.00", "1.00"), ("end2end", "25", "2.90", "*0.90"))
    assert (shown.caption, shown.notes, shown.rules) == ("Its own", ("a note",), (1,))
    assert shown.more == ()  # the second grid has neither column


def test_a_part_keeps_what_it_has_of_the_columns():
    shown = Look(columns=("CA",)).of(table())
    assert [part.header for part in (shown, *shown.more)] == [("method", "k", "CA")] * 2
    assert shown.more[0].title == "MAE"


def test_latex_has_the_caption_escaped_and_the_label_behind_it_on_the_first_float():
    latex = text(Look(caption="Ours & theirs, 5 % of {all}_x", label="tab:main").of(table()), "latex")
    assert r"\caption{Ours \& theirs, 5 \% of \{all\}\_x. A note.}" + "\n" + r"\label{tab:main}" in latex
    assert (latex.count(r"\label"), latex.count(r"\begin{table}"), latex.count(r"\end{table}")) == (1, 2, 2)
    assert latex.count(r"\begin{tabular}") == latex.count(r"\toprule") == latex.count(r"\bottomrule") == 2
    assert re.sub(r"\\[{}]", "", latex).count("{") == re.sub(r"\\[{}]", "", latex).count("}")


def test_a_table_without_a_look_stays_as_it_is():
    assert Look().of(table()) == table()


@pytest.mark.parametrize("label", ["tab main", "tab}", "\\input", "é", "_x", "#"])
def test_a_label_that_latex_cannot_refer_to_is_refused(label: str):
    with pytest.raises(UsageError, match="such as tab:main"):
        Look(label=label)


def test_unknown_and_repeated_columns_are_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="the table has no column 'DMM'; did you mean 'DM'"):
        Look(columns=("DMM",)).of(table())
    with pytest.raises(UsageError, match="has no column 'method'"):  # it names the rows, and is always there
        Look(columns=("method",)).of(table())
    with pytest.raises(UsageError, match="'CA' is named twice"):
        Look(columns=("CA", "CA"))
