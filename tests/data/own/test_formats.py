"""One table in every form in which people have it: the same numbers, and one line that says how it was read."""

import bz2
import gzip
import io
import json
import lzma
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regbench.data import from_file, load
from regbench.errors import RegbenchError, UsageError
from regbench.reading import Reading
from tests.data.own.files import CSV, ROWS, TARGETS, TEXTS, frame, written
from tests.made.data_samples import zipped

DIGEST = "f78e1ddaad6ac032"  # of the table in every form without a column more; found by the first version
NUMBERS = np.array(ROWS, dtype=np.float64)
HEADLESS = CSV.partition("\n")[2]
QUOTED = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in [("a", "b", "y"), *ROWS]).replace(".", ",")


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def feather() -> bytes:
    file = io.BytesIO()
    frame().to_feather(file)
    return file.getvalue()


def records() -> list[dict[str, float]]:
    return [dict(zip("aby", map(float, row), strict=True)) for row in ROWS]


FORMS: dict[str, tuple[bytes, str]] = {
    "decimal.txt": (CSV.replace(",", ";").replace(".", ",").encode(), "CSV, separator semicolon, UTF-8, decimal comma"),
    "decimal.tsv": (CSV.replace(",", "\t").replace(".", ",").encode(), "CSV, separator tab, UTF-8, decimal comma"),
    "both.csv": (QUOTED.encode(), "CSV, separator comma, UTF-8, decimal comma"),
    "pipe.dat": (CSV.replace(",", "|").encode(), "CSV, separator pipe, UTF-8"),
    "blanks.data": (CSV.replace(",", "   ").replace("\n", " \n ").encode(), "CSV, separator blank, UTF-8"),
    "mark.csv": (CSV.encode("utf-8-sig"), "CSV, separator comma, UTF-8 with a byte order mark"),
    "utf16.csv": (CSV.encode("utf-16"), "CSV, separator comma, UTF-16"),
    "unmarked.csv": (CSV.encode("utf-16-be"), "CSV, separator comma, UTF-16-BE"),
    "windows.csv": (CSV.replace("a,", "Größe – a,", 1).encode("cp1252"), "CSV, separator comma, Windows-1252"),
    "end.csv": (CSV.replace("\n", ",\n").encode(), "CSV, separator comma, UTF-8"),
    "UPPER.CSV.GZ": (gzip.compress(CSV.encode()), "CSV, separator comma, UTF-8, gzip"),
    "own.csv.xz": (lzma.compress(CSV.encode()), "CSV, separator comma, UTF-8, xz"),
    "own.csv.bz2": (bz2.compress(CSV.encode()), "CSV, separator comma, UTF-8, bzip2"),
    "own.zip": (zipped({"folder/": b"", "folder/in.csv": CSV.encode(), "__MACOSX/in.csv": b"x"}),
                "CSV, separator comma, UTF-8, zip"),
    "frame.feather": (feather(), "Feather"),
    "list.json": (json.dumps(records()).encode(), "JSON records"),
    "lines.jsonl": ("\n".join(map(json.dumps, records())).encode(), "JSON lines"),
    "arrays.npz": (npz(x=NUMBERS[:, :2], y=NUMBERS[:, 2]), "NumPy archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_table_has_the_same_numbers_in_every_form(tmp_path: Path, name: str) -> None:
    content, understood = FORMS[name]
    (tmp_path / name).write_bytes(content)
    dataset, table = from_file(tmp_path / name, "y")
    assert dataset.digest.startswith(f"sha256:{DIGEST}")
    assert dataset.understood == understood
    assert np.array_equal(load(dataset, name).x, table.x)


@pytest.mark.parametrize("name", [*TEXTS, "comma.csv.gz", "utf16.csv", "frame.parquet"])
def test_a_file_that_was_always_read_keeps_its_digest(tmp_path: Path, name: str) -> None:
    expected = "de76db65f87ead8e" if name == "constant.csv" else DIGEST
    assert from_file(written(tmp_path, name), TARGETS.get(name, "y"))[0].digest.startswith(f"sha256:{expected}")


def test_a_workbook_is_read_from_its_first_sheet(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    book = openpyxl.Workbook()
    for row in [("a", "b", "y"), *NUMBERS.tolist()]:
        book.active.append(row)
    book.create_sheet("notes")
    book.save(tmp_path / "own.xlsx")
    dataset, _ = from_file(tmp_path / "own.xlsx", "y")
    assert dataset.digest.startswith(f"sha256:{DIGEST}")
    assert dataset.understood == "Excel, sheet 'Sheet', 1 other sheet left out"


def test_a_workbook_without_openpyxl_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (tmp_path / "own.xlsx").write_bytes(zipped({"xl/workbook.xml": b""}))
    with pytest.raises(UsageError, match=r"own\.xlsx: reading Excel needs openpyxl: pip install 'regbench\[excel\]'"):
        from_file(tmp_path / "own.xlsx", "y")


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        (HEADLESS, Reading(header=False)),
        ("1:2:3\n" + HEADLESS.replace(",", ":"), Reading(sep=":", header=True)),
    ],
)
def test_what_the_user_says_is_not_found_out(tmp_path: Path, text: str, reading: Reading) -> None:
    (tmp_path / "own.csv").write_text(text)
    assert from_file(tmp_path / "own.csv", "3", reading)[0].digest.startswith(f"sha256:{DIGEST}")


def test_names_of_columns_that_are_no_numbers_may_lack_where_the_target_is_told_by_number(tmp_path: Path) -> None:
    (tmp_path / "abalone.data").write_text("".join(f"{'MFI'[row % 3]},{row / 10},{row % 4}\n" for row in range(12)))
    dataset, table = from_file(tmp_path / "abalone.data", "3")
    assert (table.rows, dataset.columns, dataset.inputs) == (12, ("1", "2"), 4)


@pytest.mark.parametrize(
    ("name", "content", "target", "message"),
    [
        ("own.csv", "a;y\n1.234,5;1\n2;2\n", "y", r"column 'a': '1.234,5' has a sign between its thousands"),
        ("own.csv", "a;y\n1 234 567;1\n2;2\n", "y", r"'1 234 567' has a sign between its thousands"),
        ("own.csv", "a;y\n1,234;1\n5,678;2\n", "y", r"'1,234' may be thousands or a decimal comma; .* --decimal comma"),
        ("own.csv", "a;b;y\n1,5;1.234;1\n2,5;5.678;2\n", "y", r"column 'b': '1.234' may be thousands, for"),
        ("own.csv", "when;y\n01/02/2020;1\n03/04/2020;2\n", "y", r"may begin with the day or the month"),
        ("own.zip", zipped({"a.csv": b"", "b.csv": b""}), "y", r"own.zip holds 2 files \(a.csv, b.csv\); pack the one"),
        ("own.csv.gz", b"a,b\n1,2\n", "y", r"own.csv.gz is not gzip, or damaged"),
        ("own.pkl", b"\x80", "y", r"own.pkl: pickles are code, and never read; save the table as Parquet or CSV"),
        ("own.xls", b"", "y", r"own.xls is an old Excel format; save it as .xlsx or CSV"),
        ("own.foo", b"", "y", r"own.foo: no reader for '.foo'; known: .csv, .txt"),
        ("own.json", '{"x": [1, 2]}', "y", r"own.json, column 'x', row 1: a list or record inside a record is no cell"),
        ("own.json", "[1, 2]", "y", r"own.json must hold records"),
        ("own.npz", npz(x=np.ones((6, 2)), y=np.ones(5)), "y", r"with the same N, such as x and y, not x \(6, 2\), y"),
        ("own.npz", npz(x=np.array([{}, 1], dtype=object)), "y", r"arrays of objects are pickles"),
        ("own.feather", b"ARROW1 and no more", "y", r"own.feather is not Feather, or damaged"),
        ("own.xlsx", b"no zip", "y", r"own.xlsx is not an Excel workbook, or damaged"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_with_a_remedy(
    tmp_path: Path, name: str, content: str | bytes, target: str, message: str
) -> None:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(RegbenchError, match=message) as error:
        from_file(tmp_path / name, target)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 2


def test_an_option_that_does_not_suit_the_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"frame\.parquet is no text of rows and cells, so leave out --sep"):
        from_file(written(tmp_path, "frame.parquet"), "y", Reading(sep=";"))


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.csv.xz", "bomb.csv.bz2", "bomb.zip", "bomb.npz"])
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("packed", "frames"):
        monkeypatch.setattr(f"regbench.data.own.{module}.LARGEST_FILE", 1 << 20)
    content = b"0" * (2 << 20)
    pack = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
    archive = zipped({"bomb.csv": content})
    (tmp_path / name).write_bytes(pack.get(name.rpartition(".")[2], lambda _: archive)(content))
    with pytest.raises(UsageError, match="unpacks to more than 1 MB"):
        from_file(tmp_path / name, "y")


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regbench.data.own.packed.LARGEST_FILE", 1000)
    content = zipped({"a.csv": b"a,y\n" + b"1,2\n" * 1000})
    size = (4004).to_bytes(4, "little")
    assert content.count(size) == 2
    (tmp_path / "own.zip").write_bytes(content.replace(size, (99).to_bytes(4, "little")))
    with pytest.raises(UsageError, match=r"own\.zip is not zip, or damaged|unpacks to more"):
        from_file(tmp_path / "own.zip", "y")


def test_no_network_is_one_line_that_says_where_the_file_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    with pytest.raises(
        RegbenchError, match=r"openml:1 cannot be had: REGBENCH_OFFLINE is set.*put its ARFF file at"
    ) as error:
        from_file("openml:1", "y")
    assert error.value.exit_code == 7


def test_a_dataset_of_openml_is_read_from_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    monkeypatch.setenv("REGBENCH_CACHE", str(tmp_path))
    (tmp_path / "openml").mkdir()
    (tmp_path / "openml" / "openml-1.arff").write_text(TEXTS["dense.arff"])
    dataset, _ = from_file("OpenML:1", "y")
    assert dataset.digest.startswith(f"sha256:{DIGEST}")
    assert load(dataset, "own").source == "openml:1"


def test_a_zip_may_hold_what_is_packed_again(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        archive.writestr("own.csv.gz", gzip.compress(CSV.encode()))
    assert from_file(tmp_path / "own.zip", "y")[0].understood == "CSV, separator comma, UTF-8, gzip in zip"


def test_columns_of_every_kind_are_the_same_in_every_format(tmp_path: Path) -> None:
    import pandas as pd

    draw = np.random.default_rng(0)
    mixed = pd.DataFrame(
        {
            "size": np.where(draw.random(40) < 0.2, np.nan, draw.random(40)),
            "rooms": draw.integers(1, 9, 40),
            "sold": draw.random(40) < 0.5,
            "color": [None if row % 5 == 0 else ("red", "green, or so", "äöü")[row % 3] for row in range(40)],
            "built": pd.Timestamp("1999-12-31 13:30") + pd.to_timedelta(draw.integers(0, 9999, 40), "D"),
            "y": draw.random(40),
        }
    )
    mixed.to_csv(tmp_path / "own.csv", index=False)
    mixed.to_csv(
        tmp_path / "own.tsv", index=False, sep="\t", decimal=",", encoding="utf-16", date_format="%d.%m.%Y %H:%M"
    )
    mixed.to_parquet(tmp_path / "own.parquet")
    mixed.to_feather(tmp_path / "own.feather")
    mixed.to_json(tmp_path / "own.json", orient="records", date_format="iso", double_precision=15)
    mixed.to_json(tmp_path / "own.jsonl.gz", orient="records", lines=True, date_format="iso", double_precision=15)
    found = {path.name: from_file(path, "y") for path in tmp_path.iterdir()}
    exact = {name: dataset.digest for name, (dataset, _) in found.items() if "json" not in name}  # which has 15 digits
    assert len(found) == 6
    assert len(set(exact.values())) == 1
    first = found["own.csv"][1]
    for dataset, read in found.values():
        assert dataset.origins == ("size", "rooms", "sold", "color", "built")
        assert np.allclose(read.x, first.x, equal_nan=True, rtol=1e-14)
