"""Any table, written in any dialect, is read back as it was."""

import csv
import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from regbench.data import Coded, Table
from regbench.data.own.formats import parse
from regbench.data.own.inputs import Asked, table_of
from regbench.data.own.numbers import EITHER
from regbench.data.raw import Raw, Refused
from regbench.reading import Reading

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: value + 0.0)  # no -0, which is a zero as text too
WORDS = st.text("klmpqrs äß", min_size=3, max_size=6).map(str.strip).filter(lambda word: len(word) > 2)
NAMES = st.lists(
    st.text("abcxyz _-ü", max_size=8).map(lambda name: f"n{name.strip()}"), min_size=3, max_size=5, unique=True
)
DIALECTS = st.fixed_dictionaries(
    {
        "sep": st.sampled_from(",;\t| "),
        "decimal": st.sampled_from(".,"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "end": st.sampled_from(["\n", "\r\n"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        "before": st.sampled_from(["", "# a comment\n", "\n"]),
        "blanks": st.booleans(),
        "header": st.booleans(),
    }
)


def file_of(names: list[str], rows: list[list[str]], dialect: dict[str, Any]) -> Raw:
    """The rows as a file of this dialect."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=dialect["sep"], quoting=dialect["quoting"], lineterminator="\n")
    writer.writerows([names, *rows] if dialect["header"] else rows)
    text = file.getvalue()
    if dialect["blanks"] and dialect["sep"] in ",;|" and '"' not in text:
        text = text.replace(dialect["sep"], f"{dialect['sep']} ")
    return Raw("own.txt", (dialect["before"] + text).replace("\n", dialect["end"]).encode(dialect["encoding"]))


def read(names: list[str], rows: list[list[str]], dialect: dict[str, Any], *, told: bool) -> Table:
    """The table in such a file, whose dialect is told or found out."""
    said = Reading(sep=dialect["sep"], decimal=dialect["decimal"], header=dialect["header"]) if told else Reading()
    target = names[-1] if dialect["header"] else str(len(names))
    parsed, _ = parse(file_of(names, rows, dialect), said, (target,))
    return table_of(parsed, Asked((target,), replace(said, keep_index=True)), "own.txt").table


@settings(max_examples=60, deadline=None)
@given(
    names=NAMES,
    numbers=st.lists(st.lists(NUMBERS, min_size=5, max_size=5), min_size=2, max_size=8),
    gaps=st.sets(st.integers(0, 7), max_size=3),
    dialect=DIALECTS,
    told=st.booleans(),
)
def test_numbers_come_back_from_any_dialect(
    names: list[str], numbers: list[list[float]], gaps: set[int], dialect: dict[str, Any], told: bool
) -> None:
    values = np.array(numbers)[:, : len(names)]
    cells = [[repr(float(value)).replace(".", dialect["decimal"]) for value in row] for row in values]
    if dialect["sep"] != " ":  # where two blanks are one
        for row in gaps & set(range(1, len(values))):
            cells[row][0], values[row, 0] = "", math.nan
    assume(told or not any(EITHER.fullmatch(cell) for row in cells for cell in row))
    found = read(names, cells, dialect, told=told)
    assert found.columns == tuple(names[:-1] if dialect["header"] else map(str, range(1, len(names))))
    assert np.array_equal(np.concatenate([found.x, found.y], axis=1), values, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(names=NAMES, words=st.lists(WORDS, min_size=2, max_size=8), dialect=DIALECTS)
def test_words_come_back_from_any_dialect(names: list[str], words: list[str], dialect: dict[str, Any]) -> None:
    """Each word stands in two rows, so that it is a level and no name of a row."""
    cells = [[word, *(str(place * row) for place in range(1, len(names)))] for row, word in enumerate(words * 2)]
    assume(len(set(words)) > 1)
    found = read(names, cells, {**dialect, "header": True}, told=True)
    assert isinstance(found, Coded)
    levels = found.codings[0].levels
    assert [levels[int(place)] for place in found.x[:, 0]] == words * 2


def test_a_comma_between_three_digits_is_a_comma_where_the_user_says_so() -> None:
    dialect = {"sep": ";", "decimal": ",", "quoting": csv.QUOTE_MINIMAL, "end": "\n", "encoding": "utf-8", "before": "",
               "blanks": False, "header": True}  # fmt: skip
    rows = [["1,234", "2"], ["5,678", "3"]]
    assert read(["a", "y"], rows, dialect, told=True).x[:, 0].tolist() == [1.234, 5.678]
    with pytest.raises(Refused, match="may be thousands"):
        read(["a", "y"], rows, dialect, told=False)
