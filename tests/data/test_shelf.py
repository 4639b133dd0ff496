from dataclasses import replace

import pytest

from regbench import catalog
from regbench.data import File, Layout, OpenML, Zip, fetch, import_file, inventory, load, verify, verify_one
from regbench.data.loading import cached_path
from regbench.errors import InfrastructureError, UsageError
from tests.made import data_samples

TABLE = data_samples.table(40)
DATASET = data_samples.described(TABLE, File(("sample/a.csv",)), File(("sample/b.arff",), Layout(names={"y": "class"})))


def test_the_inventory_lists_every_dataset():
    items = inventory()
    assert [item.name for item in items] == catalog.names("datasets")
    (wine,) = inventory(["WN"])
    assert (wine.name, wine.rows, wine.inputs, wine.licence) == ("wine_quality", 6497, 11, "CC BY 4.0")
    assert "OpenML 44136" in wine.sources
    assert (wine.source, wine.kept) == ("OpenML 44136", False)


def test_fetch_puts_a_dataset_into_the_cache_once(tmp_path, monkeypatch):
    monkeypatch.setenv("REGBENCH_DATA", str(tmp_path))
    (tmp_path / "sample").mkdir()
    data_samples.write_csv(tmp_path / "sample" / "a.csv", TABLE)
    assert [fetch("sample", dataset=DATASET).already for _ in range(2)] == [False, True]
    assert not fetch("sample", dataset=DATASET, force=True).already


def test_a_file_fetched_by_hand_is_imported_whatever_its_layout(tmp_path):
    data_samples.write_arff(tmp_path / "any name.arff", replace(TABLE, target="class"))
    assert import_file("sample", [tmp_path / "any name.arff"], dataset=DATASET).rows == 40
    assert load(DATASET, "sample").source.endswith("any name.arff")


def test_two_files_are_imported_in_either_order(tmp_path):
    first = data_samples.write_csv(tmp_path / "1.csv", replace(TABLE, x=TABLE.x[:15], y=TABLE.y[:15]))
    last = data_samples.write_csv(tmp_path / "2.csv", replace(TABLE, x=TABLE.x[15:], y=TABLE.y[15:]))
    assert import_file("sample", [last, first], dataset=DATASET).digest == DATASET.digest


def test_an_archive_is_imported_by_the_names_inside(tmp_path):
    dataset = replace(DATASET, sources=(Zip("https://example.org/a.zip", ("a.csv",)),))
    content = data_samples.write_csv(tmp_path / "a.csv", TABLE).read_bytes()
    (tmp_path / "by hand.zip").write_bytes(data_samples.zipped({"a.csv": content}))
    assert import_file("sample", [tmp_path / "by hand.zip"], dataset=dataset).rows == 40


def test_a_wrong_file_is_not_imported_and_the_reason_is_one_line(tmp_path):
    path = data_samples.write_csv(tmp_path / "wrong.csv", data_samples.table(40, seed=3))
    with pytest.raises(UsageError, match=r"wrong\.csv is not sample: its content is another") as error:
        import_file("sample", [path], dataset=DATASET)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="there is no "):
        import_file("sample", [tmp_path / "nothing.csv"], dataset=DATASET)
    (tmp_path / "no.zip").write_bytes(b"no archive")
    with pytest.raises(UsageError, match=r"no\.zip is not sample"):
        import_file("sample", [tmp_path / "no.zip"], dataset=DATASET)


def test_an_import_that_cannot_be_kept_says_so(tmp_path, monkeypatch):
    path = data_samples.write_csv(tmp_path / "a.csv", TABLE)
    monkeypatch.setenv("REGBENCH_CACHE", str(path))
    with pytest.raises(InfrastructureError, match="cannot write"):
        import_file("sample", [path], dataset=DATASET)


def test_verify_tells_what_is_right_wrong_and_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("REGBENCH_DATA", str(tmp_path))
    (tmp_path / "sample").mkdir()
    data_samples.write_csv(tmp_path / "sample" / "a.csv", TABLE)
    load(DATASET, "sample")
    data_samples.write_csv(tmp_path / "sample" / "a.csv", replace(TABLE, y=-TABLE.y))
    found = [(each.source, each.state) for each in verify_one("sample", dataset=DATASET)]
    assert found == [("cache", "ok"), ("sample/a.csv", "wrong"), ("sample/b.arff", "absent")]
    cached_path(DATASET, "sample").write_bytes(b"damaged")
    assert verify_one("sample", dataset=DATASET)[0].state == "wrong"


def test_verify_asks_the_network_only_when_told(monkeypatch):
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    dataset = replace(DATASET, sources=(OpenML(1),))
    assert [each.source for each in verify_one("sample", dataset=dataset)] == ["cache"]
    assert [each.source for each in verify_one("sample", dataset=dataset, network=True)] == ["cache", "OpenML 1"]


def test_a_misspelt_dataset_gets_the_nearest_name():
    for call in (fetch, lambda name: verify([name]), lambda name: import_file(name, [])):
        with pytest.raises(UsageError, match="no dataset called 'diamond'; did you mean 'diamonds'"):
            call("diamond")
