import gzip

import numpy as np
import pandas as pd
import pytest

from regbench.data.parsing import parse
from regbench.data.raw import Raw, Refused, zip_member
from tests.made import data_samples


def raw(name: str, text: str) -> Raw:
    return Raw(name, text.encode())


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_the_one_in_the_header(separator):
    text = '"fixed acidity",b\n1.5,2\n\n-3e-2,4\n'.replace(",", separator)
    table = parse(raw("a.csv", text))
    assert table.numbers("fixed.acidity").tolist() == [1.5, -0.03]


def test_csv_is_read_to_the_nearest_double():
    numbers = np.random.default_rng(0).standard_normal(500)
    text = "a\n" + "\n".join(repr(float(number)) for number in numbers) + "\n"
    assert parse(raw("a.csv", text)).numbers("a").tolist() == numbers.tolist()


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    table = parse(Raw("a.csv", b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3,4\r\n"))
    assert (table.names, table.numbers("b").tolist()) == (("a", "b"), [2.0, 4.0])


def test_gzip_is_unpacked():
    assert parse(Raw("a.csv.gz", gzip.compress(b"a\n7\n"))).numbers("a").tolist() == [7.0]


ARFF = r"""% a comment
@RELATION 'a relation'
@attribute 'it\'s quoted' REAL
@Attribute "two words" numeric
@attribute plain{yes,'no, never'}
@attribute	tab	integer
@DATA
% another
1.5, 2, yes, 3
'4', ?, 'no, never', "5"

"""


def test_arff_has_quoted_names_quoted_values_and_question_marks():
    table = parse(raw("a.arff", ARFF))
    assert table.names == ("it's quoted", "two words", "plain", "tab")
    assert table.numbers("it's quoted").tolist() == [1.5, 4.0]
    assert np.isnan(table.numbers("two words")).tolist() == [False, True]
    assert table.strings("plain")[1] == "no, never"
    assert table.numbers("tab").tolist() == [3.0, 5.0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.arff", "@relation r\n@attribute a real\n@data\n{0 1}\n", "a.arff, line 4: sparse ARFF is not read"),
        ("a.arff", "@relation r\n@attribute a real\n@data\n1, {2}\n", "line 4: instance weights are not read"),
        ("a.arff", "@relation r\n@attribute a real\n@data\n1,2\n", "row 1: 2 values in a table of 1 columns"),
        ("a.arff", "@relation r\n@attribute a real\n@data\n'1\n", "line 4: unbalanced quotes"),
        ("a.arff", "@relation r\n@attribute a relational\n@data\n", "relational attributes are not read"),
        ("a.arff", "@relation r\n@attribute a real\n1\n", "line 3: '1' is no ARFF header line"),
        ("a.arff", "@relation r\n@attribute a real\n", "it has no @data line"),
        ("a.arff", "@relation r\n@attribute a real\n@data\n", "a.arff has no rows"),
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "a,b\n", "a.csv has no rows"),
        ("a.csv", "a,b\n1,2\n3\n", "a.csv, row 2: 1 values in a table of 2 columns; a damaged file?"),
        ("a.csv", 'a\n"1\n', "a.csv is not CSV"),
        ("a.xls", "a", "a.xls: no reader for '.xls'"),
        ("a.csv.gz", "not gzip", "a.csv.gz is damaged"),
        ("a.parquet", "not parquet", "a.parquet is not Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(name, text, message):
    with pytest.raises(Refused, match=message.replace(".", r"\.").replace("?", r"\?").replace("{", r"\{")):
        parse(raw(name, text))


def test_a_word_among_numbers_is_named_with_its_row():
    with pytest.raises(Refused, match=r"a\.csv, column 'a', row 2: 'x' is not a number"):
        parse(raw("a.csv", "a\n1\nx\n")).numbers("a")


def test_a_missing_column_is_refused_with_the_nearest_name():
    with pytest.raises(Refused, match="no column 'qualty'; did you mean 'quality'"):
        parse(raw("a.csv", "quality\n1\n")).numbers("qualty")


def test_parquet_keeps_every_bit(tmp_path):
    numbers = np.random.default_rng(1).standard_normal(50)
    frame = pd.DataFrame({"a": numbers, "b": np.arange(50), "word": ["x"] * 50})
    frame.to_parquet(tmp_path / "a.parquet")
    table = parse(Raw("a.parquet", (tmp_path / "a.parquet").read_bytes()))
    assert table.numbers("a").tolist() == numbers.tolist()
    assert table.numbers("b").tolist() == list(range(50))
    with pytest.raises(Refused, match="'x' is not a number"):
        table.numbers("word")


def test_an_archive_gives_one_member_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = data_samples.zipped({"../escape.csv": b"a\n1\n", "folder/in.csv": b"a\n2\n"})
    member = zip_member(Raw("archive.zip", content), "../escape.csv")
    assert (member.name, member.content) == ("escape.csv", b"a\n1\n")
    assert not list(tmp_path.rglob("*"))
    assert not (tmp_path.parent / "escape.csv").exists()


def test_a_damaged_archive_or_a_missing_member_is_refused():
    with pytest.raises(Refused, match=r"archive\.zip is damaged"):
        zip_member(Raw("archive.zip", b"PK but no more"), "a.csv")
    with pytest.raises(Refused, match=r"archive\.zip holds no b\.csv"):
        zip_member(Raw("archive.zip", data_samples.zipped({"a.csv": b"a"})), "b.csv")
