"""Every source gives the same table, from a small generated file in its own format."""

import gzip
import hashlib
from dataclasses import replace

import numpy as np
import pytest

from regbench.data import (
    UCI,
    Address,
    File,
    Generated,
    ImageDataset,
    Layout,
    MedMNIST,
    OpenML,
    Table,
    Wheel,
    Zip,
    digest,
    load,
)
from regbench.data.raw import Refused
from regbench.errors import DataUnavailable
from tests.data.answers import openml_description, uci_answer
from tests.made import data_samples

TABLE = data_samples.table(40)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    found = tmp_path / "mirror" / "sample"
    found.mkdir(parents=True)
    monkeypatch.setenv("REGBENCH_DATA", str(found.parent))
    return found


def same(source, table: Table = TABLE) -> bool:
    """Whether the source gives the very numbers of the table, canonically rounded."""
    found = load(data_samples.described(table, source), "sample")
    return digest(found) == digest(table) and found.source == source.name


def test_csv_in_the_local_folder(folder):
    data_samples.write_csv(folder / "a.csv", TABLE)
    assert same(File(("sample/a.csv",)))


def test_gzipped_csv_in_the_local_folder(folder):
    data_samples.write_csv(folder / "a.csv", TABLE)
    (folder / "a.csv.gz").write_bytes(gzip.compress((folder / "a.csv").read_bytes()))
    assert same(File(("sample/a.csv.gz",)))


def test_arff_with_other_names_in_the_local_folder(folder):
    renamed = replace(TABLE, target="class")
    data_samples.write_arff(folder / "a.arff", renamed)
    assert same(File(("sample/a.arff",), Layout(names={"y": "class"})))


def test_a_generated_table_needs_no_file():
    columns = dict(zip([*TABLE.columns, TABLE.target], np.concatenate([TABLE.x, TABLE.y], axis=1).T, strict=True))
    assert same(Generated(lambda: columns))


def test_a_target_of_several_columns_keeps_their_order():
    table = data_samples.table(40, targets=2)
    names = [*table.columns, "second", "first"]
    columns = dict(zip(names, np.concatenate([table.x, table.y[:, ::-1]], axis=1).T, strict=True))
    dataset = data_samples.described(table, Generated(lambda: columns))
    found = load(replace(dataset, target="both", targets=("first", "second")), "sample")
    np.testing.assert_allclose(found.y, table.y, rtol=1e-8)


def test_two_files_follow_one_another(folder):
    data_samples.write_csv(folder / "a.csv", replace(TABLE, x=TABLE.x[:15], y=TABLE.y[:15]))
    data_samples.write_csv(folder / "b.csv", replace(TABLE, x=TABLE.x[15:], y=TABLE.y[15:]))
    assert same(File(("sample/a.csv", "sample/b.csv")))


def test_factors_and_the_logarithm_of_the_target(folder):
    data_samples.write_csv(folder / "a.csv", replace(TABLE, x=TABLE.x / [41, 1, 1, 50], y=np.expm1(TABLE.y)))
    assert same(File(("sample/a.csv",), Layout(factors={"x0": 41, "x3": 50}, log_target=True)))


def test_rows_in_another_order_are_put_in_order(folder):
    days = np.repeat(["2011-01-01", "2011-01-02"], 20)
    lines = [
        f"{days[i]},{i % 20},{TABLE.x[i, 0]!r},{TABLE.y[i, 0]!r}" for i in np.random.default_rng(0).permutation(40)
    ]
    (folder / "a.csv").write_text(
        "\n".join(["day,hour,x0,y", *lines]).replace("np.float64", "").replace("(", "").replace(")", "")
    )
    one = replace(TABLE, x=TABLE.x[:, :1], columns=("x0",))
    assert same(File(("sample/a.csv",), Layout(order_by=("day", "hour"))), one)


def test_text_with_blanks_between_cells_and_without_a_header(folder):
    rows = np.concatenate([TABLE.x, TABLE.y], axis=1).tolist()
    (folder / "a.txt").write_text("".join(f"{'  '.join(map(repr, row))} \t\n" for row in rows))
    names = {name: str(place) for place, name in enumerate((*TABLE.columns, "y"), start=1)}
    assert same(File(("sample/a.txt",), Layout(header=False, separator=" ", names=names)))


def test_rows_with_gaps_are_left_out_where_the_layout_says_so(folder):
    text = data_samples.write_csv(folder / "a.csv", TABLE).read_text().rstrip("\n")
    (folder / "a.csv").write_text(f"{text}\n1,2,?,4,5\n1,2,3,4,\n")
    assert same(File(("sample/a.csv",), Layout(complete=True)))
    with pytest.raises(DataUnavailable, match=r"missing or infinite values in x2 \(1\)"):
        load(data_samples.described(TABLE, File(("sample/a.csv",))), "sample", fresh=True)


def test_openml_tells_the_address_and_the_checksum_of_its_arff(server, tmp_path):
    content = data_samples.write_arff(tmp_path / "a.arff", TABLE).read_bytes()
    md5 = hashlib.md5(content).hexdigest()
    server.says("/api/v1/xml/data/44136", openml_description(server.says("/a.arff", content), md5))
    assert same(OpenML(44136, server=server.url("/api/v1/xml")))
    home = tmp_path.home()
    assert not list(home.iterdir())  # openml would leave its settings, its cache and its log there


def test_uci_tells_the_address_of_its_csv(server, tmp_path):
    content = data_samples.write_csv(tmp_path / "a.csv", TABLE).read_bytes()
    server.says("/api/dataset", uci_answer(server.says("/data.csv", content)))
    assert same(UCI(186, server=server.url("/api/dataset")))


def test_members_of_a_zip_archive(server, tmp_path):
    content = data_samples.write_csv(tmp_path / "a.csv", TABLE).read_bytes()
    url = server.says("/a.zip", data_samples.zipped({"folder/a.csv": content, "b.csv": b"x"}))
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert same(Zip(url, ("folder/a.csv",), checksums=(checksum,)))
    with pytest.raises(Refused, match=r"a\.csv has another checksum"):
        Zip(url, ("folder/a.csv",), checksums=("sha256:" + "0" * 64,)).files()


def test_one_file_in_a_wheel_fetched_by_pip_and_not_installed(tmp_path, monkeypatch):
    content = data_samples.write_csv(tmp_path / "a.csv", TABLE).read_bytes()
    about = b"Metadata-Version: 2.1\nName: regbench-sample\nVersion: 1.0\n"
    kind = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside = "regbench_sample-1.0.dist-info"
    wheel = {"sample/a.csv": content, f"{inside}/METADATA": about, f"{inside}/WHEEL": kind, f"{inside}/RECORD": b""}
    (tmp_path / "regbench_sample-1.0-py3-none-any.whl").write_bytes(data_samples.zipped(wheel))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert same(Wheel("regbench-sample==1.0", "sample/a.csv", checksum))
    with pytest.raises(Refused, match="pip could not download it: No matching distribution"):
        Wheel("regbench-sample==2.0", "sample/a.csv", checksum).files()


def picture_dataset(table: Table, *sources) -> ImageDataset:
    return ImageDataset(
        alias="GP",
        target="grade",
        inputs=(3, 28, 28),
        sizes=(36, 12, 12),
        batch_size=8,
        digest=digest(table),
        licence="none needed",
        url="https://example.org/pictures",
        reference="generated for a test (2024)",
        sources=sources,
    )


def test_pictures_from_a_fixed_address_come_with_their_split(server, tmp_path):
    table = data_samples.images(60)
    content = data_samples.write_npz(tmp_path / "a.npz", table).read_bytes()
    source = Address(server.says("/a.npz", content), "a.npz", f"md5:{hashlib.md5(content).hexdigest()}")
    for _ in range(2):  # from the source, then from the cache
        found = load(picture_dataset(table, source), "pictures")
        assert (found.x.dtype, found.parts) == (np.uint8, (36, 12, 12))
        assert np.array_equal(found.x, table.x)
        assert np.array_equal(found.y, table.y)


def test_medmnist_is_asked_for_the_address_and_then_the_network(monkeypatch):
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    with pytest.raises(Refused, match="REGBENCH_OFFLINE"):
        MedMNIST("retinamnist").files()
    with pytest.raises(Refused, match="KeyError: 'nosuchmnist'"):
        MedMNIST("nosuchmnist").files()


def test_an_archive_with_pickles_is_refused_unread(folder):
    pickled = np.array([{"a": 1}], dtype=object)
    np.savez(folder / "a.npz", train_images=pickled, train_labels=pickled)
    source = File(("sample/a.npz",))
    with pytest.raises(DataUnavailable, match=r"a\.npz is no NumPy archive, or a damaged one: Object arrays"):
        load(picture_dataset(data_samples.images(60), source), "pictures")
