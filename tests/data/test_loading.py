from dataclasses import replace

import numpy as np
import pytest

from regbench.data import UCI, File, OpenML, Zip, digest, fetch, is_here, load
from regbench.data.loading import cached_path
from regbench.errors import DataUnavailable, UsageError
from tests.made import data_samples

TABLE = data_samples.table(40)
FIRST, SECOND = File(("sample/first.csv",)), File(("sample/second.csv",))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    found = tmp_path / "mirror" / "sample"
    found.mkdir(parents=True)
    monkeypatch.setenv("REGBENCH_DATA", str(found.parent))
    return found


def test_a_source_with_another_content_is_refused_and_the_next_one_tried(folder):
    data_samples.write_csv(folder / "first.csv", replace(TABLE, y=TABLE.y + 1))
    data_samples.write_csv(folder / "second.csv", TABLE)
    assert load(data_samples.described(TABLE, FIRST, SECOND), "sample").source == "sample/second.csv"


def test_when_no_source_is_left_the_error_names_them_all_and_the_remedy(folder):
    data_samples.write_csv(folder / "first.csv", replace(TABLE, y=TABLE.y + 1))
    dataset = data_samples.described(TABLE, FIRST, SECOND)
    with pytest.raises(DataUnavailable) as error:
        load(dataset, "sample")
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith("sample (GT) cannot be had: sample/first.csv: its content is another: digest sha256:")
    assert f"sample/second.csv: there is no {folder / 'second.csv'}" in message
    assert "put sample/first.csv or sample/second.csv into" in message
    assert "`regbench data import sample FILE`" in message


def test_without_network_every_source_says_so_and_nothing_is_asked(monkeypatch):
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    sources = (FIRST, OpenML(44136), UCI(186), Zip("https://example.org/a.zip", ("a.csv",)))
    with pytest.raises(DataUnavailable) as error:
        load(data_samples.described(TABLE, *sources), "sample")
    assert "OpenML 44136, UCI 186, https://example.org/a.zip: REGBENCH_OFFLINE is set" in str(error.value)
    assert "set REGBENCH_DATA to it" in str(error.value)


def test_a_host_that_does_not_exist_blocks_with_one_line():
    with pytest.raises(DataUnavailable, match=r"nowhere\.invalid cannot be reached"):
        load(data_samples.described(TABLE, Zip("https://nowhere.invalid/a.zip", ("a.csv",))), "sample")


def test_the_second_time_the_table_comes_from_the_cache(folder):
    data_samples.write_csv(folder / "first.csv", TABLE)
    dataset = data_samples.described(TABLE, FIRST)
    first = load(dataset, "sample")
    (folder / "first.csv").unlink()
    second = load(dataset, "sample")
    assert np.array_equal(first.x, second.x)
    assert np.array_equal(first.y, second.y)
    assert (second.source, second.columns, second.target) == (first.source, first.columns, first.target)


@pytest.mark.parametrize("damage", ["half", "another value", "no archive"])
def test_a_damaged_cache_is_made_again(folder, damage):
    data_samples.write_csv(folder / "first.csv", TABLE)
    dataset = data_samples.described(TABLE, FIRST)
    good = load(dataset, "sample")
    path = cached_path(dataset, "sample")
    match damage:
        case "half":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        case "another value":
            np.savez(path, x=good.x + 1, y=good.y, source=np.array("x"), parts=np.array([], dtype=np.int64))
        case "no archive":
            path.write_bytes(b"nothing of the kind")
    assert digest(load(dataset, "sample")) == dataset.digest
    (folder / "first.csv").unlink()
    assert digest(load(dataset, "sample")) == dataset.digest


def test_the_values_handed_out_do_not_depend_on_the_source(folder):
    data_samples.write_csv(folder / "first.csv", replace(TABLE, x=TABLE.x * (1 + 3e-15)))
    data_samples.write_csv(folder / "second.csv", TABLE)
    dataset = data_samples.described(TABLE)
    one, other = (load(replace(dataset, sources=(source,)), source.name) for source in (FIRST, SECOND))
    assert np.array_equal(one.x, other.x)


def test_missing_values_are_refused_with_column_and_count(folder):
    broken = replace(TABLE, x=TABLE.x.copy())
    broken.x[[3, 9], 2] = np.nan
    broken.x[5, 0] = np.inf
    data_samples.write_csv(folder / "first.csv", broken)
    with pytest.raises(DataUnavailable, match=r"missing or infinite values in x0 \(1\), x2 \(2\)"):
        load(data_samples.described(TABLE, FIRST), "sample")


def test_a_file_cut_short_says_how_much_of_it_there_is(folder):
    data_samples.write_csv(folder / "first.csv", replace(TABLE, x=TABLE.x[:30], y=TABLE.y[:30]))
    with pytest.raises(DataUnavailable, match="it holds 30 x 4 values of input, not 40 x 4"):
        load(data_samples.described(TABLE, FIRST), "sample")
    text = (folder / "first.csv").read_text()
    (folder / "first.csv").write_text(text[: len(text) // 2].rpartition(",")[0])
    with pytest.raises(DataUnavailable, match=r"first\.csv, row 15: . values in a table of 5 columns; a damaged file"):
        load(data_samples.described(TABLE, FIRST), "sample")


def test_a_dataset_is_here_when_it_can_be_had_without_the_network(folder):
    dataset = data_samples.described(TABLE, FIRST, OpenML(1))
    assert not is_here(dataset, "sample")
    data_samples.write_csv(folder / "first.csv", replace(TABLE, y=-TABLE.y))
    assert not is_here(dataset, "sample")
    data_samples.write_csv(folder / "first.csv", TABLE)
    assert is_here(dataset, "sample")
    (folder / "first.csv").unlink()
    assert is_here(dataset, "sample")


def test_a_local_folder_that_is_not_there_is_a_mistake(monkeypatch, tmp_path):
    monkeypatch.setenv("REGBENCH_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match=r"REGBENCH_DATA=.*there is no such folder"):
        load(data_samples.described(TABLE, FIRST), "sample")


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(folder, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("REGBENCH_CACHE", str(tmp_path / "file"))
    data_samples.write_csv(folder / "first.csv", TABLE)
    assert load(data_samples.described(TABLE, FIRST), "sample").rows == 40


def test_a_download_that_is_not_the_dataset_is_asked_for_again(server):
    """Whatever a network says instead of the file, with status 200, does not stay in the cache."""
    source = Zip(server.url("/a.zip"), ("a.csv",))
    dataset = data_samples.described(TABLE, source)
    right = data_samples.zipped({"a.csv": data_samples.csv_text(TABLE).encode()})
    wrong = [b"please log in", b"PK\x03\x04 damaged", data_samples.zipped({"a.csv": b"x0,y\n1,2\n"})]
    server.says("/a.zip", *wrong, right)
    for message in ("/a.zip: .* gave another thing: archive.zip is not a zip", "damaged", "has no column 'x1'"):
        with pytest.raises(DataUnavailable, match=message):
            load(dataset, "sample")
    assert digest(load(dataset, "sample")) == dataset.digest


def test_fetching_by_force_asks_the_source_again(server):
    dataset = data_samples.described(TABLE, Zip(server.url("/a.zip"), ("a.csv",)))
    server.says("/a.zip", data_samples.zipped({"a.csv": data_samples.csv_text(TABLE).encode()}))
    for force in (False, False, True):
        fetch("sample", dataset=dataset, force=force)
    assert len(server.requests) == 2
