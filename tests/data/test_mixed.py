"""Datasets of the catalog with categories: the same table from every form of their files, and from the cache."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regbench.data import Coded, File, Layout, MixedDataset, load, prepared
from regbench.data.loading import from_cache
from regbench.data.own.coded import digest_of
from regbench.errors import DataUnavailable

COLUMNS = ("make", "doors", "weight")
ROWS = [(("audi", "bmw", "fiat")[row % 3], 2 + row % 3, 0.1 * row + 0.2, row**2) for row in range(30)]
CSV = "make,doors,weight,price\n" + "".join(f"{make},{doors},{weight!r},{y}\n" for make, doors, weight, y in ROWS)
ARFF = (
    "@relation cars\n@attribute class real\n@attribute weight real\n@attribute make {audi,bmw,fiat}\n"
    "@attribute doors {2,3,4}\n@data\n"
    + "".join(f"{y:.1f}, {weight:.15g}, '{make}', {doors}\n" for make, doors, weight, y in ROWS)
)
TEXT = "".join(f"{make} {doors}\t{weight!r}  {y} \n" for make, doors, weight, y in [*ROWS, ("?", 2, 1.0, 3)])
UNNAMED = Layout(
    header=False,
    separator=" ",
    complete=True,
    names={name: str(place) for place, name in enumerate((*COLUMNS, "price"), start=1)},
)
CARS = MixedDataset(
    alias="CARS",
    columns=COLUMNS,
    target="price",
    categorical=("doors",),
    inputs=7,
    sizes=(24, 3, 3),
    batch_size=4,
    digest="",
    licence="none needed",
    url="https://example.org/cars",
    reference="made for a test (2026)",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local mirror with the same cars as CSV, ARFF and text without names, in which one car has a gap."""
    found = tmp_path / "mirror"
    found.mkdir()
    for name, content in (("a.csv", CSV), ("a.arff", ARFF), ("a.txt", TEXT)):
        (found / name).write_text(content)
    monkeypatch.setenv("REGBENCH_DATA", str(found))
    return found


def test_a_table_with_categories_is_the_same_from_every_form(folder: Path) -> None:
    sources = (
        File(("a.csv",)),
        File(("a.arff",), Layout(names={"price": "class"})),
        File(("a.txt",), UNNAMED),
    )
    tables = [CARS.read(source.files(), source.layout, source.name) for source in sources]
    assert len({digest_of(table) for table in tables}) == 1
    assert all(isinstance(table, Coded) and table.rows == 30 for table in tables)
    assert tables[0].x[1].tolist() == [1, 1, 0.3]  # 0.1 + 0.2 is rounded as in any other dataset
    found = load(replace(CARS, digest=digest_of(tables[0]), sources=sources), "cars")
    data = prepared(found)
    assert data.x_train.shape == (24, 7)
    assert (data.x_train[:, :6].sum(1) == 2).all()  # one make and one number of doors


def test_the_cache_keeps_what_becomes_of_each_column(folder: Path) -> None:
    source = File(("a.csv",))
    table = CARS.read(source.files(), source.layout, source.name)
    dataset = replace(CARS, digest=digest_of(table), sources=(source,))
    load(dataset, "cars")
    (folder / "a.csv").unlink()
    again = load(dataset, "cars")
    assert isinstance(again, Coded)
    assert isinstance(table, Coded)
    assert again.codings == table.codings
    assert (prepared(again).x_test == prepared(table).x_test).all()


@pytest.mark.parametrize("codings", ["no JSON", '[{"name": "a"}]', "[1]"])
def test_a_damaged_cache_is_read_again(folder: Path, codings: str) -> None:
    from regbench.data.loading import cached_path

    source = File(("a.csv",))
    table = CARS.read(source.files(), source.layout, source.name)
    dataset = replace(CARS, digest=digest_of(table), sources=(source,))
    load(dataset, "cars")
    np.savez(cached_path(dataset, "cars"), x=table.x, y=table.y, source="", parts=np.array([], int), codings=codings)
    assert from_cache(dataset, "cars") is None
    assert load(dataset, "cars").source == "a.csv"


def test_another_level_is_another_table(folder: Path) -> None:
    source = File(("a.csv",))
    digest = digest_of(CARS.read(source.files(), source.layout, source.name))
    (folder / "a.csv").write_text(CSV.replace("fiat", "Fiat"))
    with pytest.raises(DataUnavailable, match="its content is another: digest coded:"):
        load(replace(CARS, digest=digest, sources=(source,)), "cars")
