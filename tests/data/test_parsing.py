import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regbench.data import delimited
from regbench.data.columns import ArrowCells
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


@pytest.mark.parametrize(
    "content",
    [
        '"Größe, in m, x";b\n1,5\n'.replace("1,5", "1;5"),
        "sep=;\n'Größe, in m, x';b\n1;5\n".replace("'", ""),
        '# made by hand\n# twice\n"Größe, in m, x",b\n1,5\n# the end\n',
        '"Größe, in m, x"\tb\r\n1\t5\r\n',
        '"Größe, in m, x",b\r1,5\r',
    ],
    ids=["quoted commas", "sep=", "comments", "tabs", "old Mac"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-8-sig", "latin-1"])
def test_headers_are_read_as_people_and_programs_write_them(content, encoding):
    table = parse(Raw("a.csv", content.encode(encoding)))
    assert table.names == ("Größe, in m, x", "b")
    assert (table.numbers("Größe, in m, x").tolist(), table.numbers("b").tolist()) == ([1.0], [5.0])


def test_names_may_stand_in_a_comment_above_the_rows():
    table = parse(raw("a.csv", "# numpy wrote this\n# a,b\n1,2\n3,4\n"))
    assert (table.names, table.numbers("b").tolist()) == (("a", "b"), [2.0, 4.0])
    assert table.notes


def test_a_quote_within_a_name_quotes_nothing():
    assert parse(raw("a.csv", 'height 5",b\n1,2\n')).names == ('height 5"', "b")


def test_a_line_end_in_a_quoted_name_does_not_end_the_header():
    assert parse(raw("a.csv", '"a\nb";c\n1;2\n')).names == ("a\nb", "c")


@pytest.mark.parametrize("row", ["1 2 3", "1\t2\t3", "1, 2\t3", "1 '2' 3", "  1   2  3  "])
def test_arff_separates_values_by_blanks_and_tabs_too(row):
    head = "".join(f"@attribute {name} real\n" for name in "abc")
    table = parse(raw("a.arff", f"@relation r\n{head}@data\n{row}\n"))
    assert [table.numbers(name).tolist() for name in "abc"] == [[1.0], [2.0], [3.0]]


CELLS = ["1", "-0.1", "+1e-3", " 2 ", "1_0", "nan", "inf", "", "?", "x", "0x1", "nan(1)", "4.9e-324", "0.1e400"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_large_files_are_read_as_small_ones(monkeypatch, line_end):
    draw = np.random.default_rng(0)
    numbers = draw.standard_normal((40, 3)) * 10.0 ** draw.integers(-300, 300, (40, 3))
    plain = [",".join(map(repr, row)) for row in numbers.tolist()]
    odd = [",".join(draw.choice(CELLS, 3)) for _ in range(40)]
    for rows in (plain, odd, ["1,2,3", "", "4,5,6", "# the end"], ["1,2,3", "4,5"]):
        content = raw("a.csv", line_end.join(["a,b,c", *rows]))
        found = []
        for large in (delimited.LARGE, 0):
            monkeypatch.setattr(delimited, "LARGE", large)
            found.append([outcome(content, name) for name in "abc"])
        monkeypatch.undo()
        assert found[0] == found[1]


def test_arrow_reads_large_files(monkeypatch):
    monkeypatch.setattr(delimited, "LARGE", 10)
    table = parse(raw("a.csv", "a,b\n1,2\n3,4\n"))
    assert {type(column) for column in table.columns} == {ArrowCells}
    assert table.strings("b") == ("2", "4")


def outcome(content: Raw, name: str) -> object:
    try:
        return parse(content).numbers(name).tobytes()
    except Refused as error:
        return str(error)


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
        ("a.csv", "version https://git-lfs.github.com/spec/v1\noid 1\n", "a.csv is a Git LFS pointer, not the file"),
        ("a.parquet", "version https://git-lfs.github.com/spec/v1\n", "a.parquet is a Git LFS pointer"),
        ("a.arff", "\n<!DOCTYPE html>\n<p>log in</p>", "a.arff is a web page, not a table"),
        ("a.csv", "PK\x03\x04 and more", "a.csv is a zip archive or an Excel workbook"),
        ("a.csv", "a\0\0,b", "a.csv holds zero bytes: no text, or UTF-16 without a byte order mark"),
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


@pytest.mark.parametrize("metadata", [b"{", b"[]", b'{"columns": 1}', b'{"index_columns": ["z"], "columns": [{}]}'])
def test_odd_metadata_of_pandas_do_not_count(tmp_path, metadata):
    table = pa.table({"a": [1.5, 2.5], "__index_level_0__": [0, 1]}).replace_schema_metadata({b"pandas": metadata})
    pq.write_table(table, tmp_path / "a.parquet")
    found = parse(Raw("a.parquet", (tmp_path / "a.parquet").read_bytes()))
    assert found.numbers("a").tolist() == [1.5, 2.5]


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
