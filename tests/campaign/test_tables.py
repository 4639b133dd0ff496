"""Users' own tables: which is which, and names that are printed are accepted."""

from pathlib import Path

import pytest

from regbench import roots
from regbench.campaign.choosing import Wanted, choose
from regbench.config import TableEntry
from regbench.errors import UsageError
from regbench.reading import Reading
from regbench.roots import Added
from regbench.store import Store
from tests.made.data_samples import table, write_csv


@pytest.fixture
def houses(in_tmp: Path) -> list[Path]:
    """Two files of one name."""
    paths = [in_tmp / folder / "house.csv" for folder in "ab"]
    for seed, path in enumerate(paths):
        path.parent.mkdir()
        write_csv(path, table(30, seed=seed))
    return paths


def name_of(path: Path, target: str, *, keep_index: bool = False) -> str:
    entry = TableEntry(str(path), (target,), Reading(keep_index=keep_index))
    (benchmark,) = choose(Wanted(["smoke"], tables=[entry], changes={"epochs": 3}))
    return benchmark.name


def stored(name: str, path: Path, target: str) -> None:
    """As a run stores a dataset."""
    (benchmark,) = choose(Wanted(["smoke"], tables=[TableEntry(str(path), (target,))]))
    job = benchmark.jobs[0]
    with Store.open("own.db") as store:
        store.add_dataset(
            digest=job.digest,
            name=job.dataset,
            sizes=(24, 3, 3),
            inputs=4,
            target_low=[0],
            target_high=[1],
            source=str(path),
        )
    roots.use(Added())


def test_every_table_and_every_target_is_a_benchmark_of_its_own(houses: list[Path]) -> None:
    names = [name_of(houses[0], "y"), name_of(houses[1], "y"), name_of(houses[0], "x1")]
    assert len(set(names)) == 3
    assert [name.rpartition("@")[0] for name in names] == ["smoke[data=house.csv:y"] * 2 + ["smoke[data=house.csv:x1"]
    assert name_of(houses[0], "y") == names[0]


def test_a_printed_name_means_the_same_table_again(houses: list[Path]) -> None:
    name = name_of(houses[0], "y")
    stored(name, houses[0], "y")
    for asked in (name, "smoke[epochs=3,data=house.csv:y]", "smoke[epochs=3,data=house.csv]"):
        (benchmark,) = choose(Wanted([asked], db="own.db"))
        assert benchmark.name == name
    (benchmark,) = choose(Wanted([name], db="own.db", datasets=["house.csv"]))
    assert benchmark.jobs == benchmark.whole


def test_a_table_in_the_working_folder_needs_no_database(houses: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name_of(houses[0], "y"), name_of(houses[0], "x1", keep_index=True)]
    roots.use(Added())
    monkeypatch.chdir(houses[0].parent)
    assert [choose(Wanted([name]))[0].name for name in names] == names


def test_a_table_that_is_not_known_or_has_changed_says_how_it_is_named(houses: list[Path]) -> None:
    name = name_of(houses[0], "y")
    with pytest.raises(UsageError, match="no such table is known here; name it by --data FILE --target COLUMN"):
        choose(Wanted([name], db="own.db"))
    stored(name, houses[0], "y")
    write_csv(houses[0], table(31))
    with pytest.raises(UsageError, match=r"has other numbers by now; for these write --data .*house.csv --target y"):
        choose(Wanted([name], db="own.db"))


def test_two_tables_that_a_short_name_may_mean_are_both_named(houses: list[Path]) -> None:
    for path in houses:
        stored("", path, "y")
    with pytest.raises(UsageError, match=r"data=house.csv:y may be house.csv:y@\w+ or house.csv:y@\w+; write one"):
        choose(Wanted(["smoke[data=house.csv:y]"], db="own.db"))


def test_odd_names_of_files_and_columns_make_names_that_can_be_typed(in_tmp: Path) -> None:
    (in_tmp / "=1+1[x], \x1b'.csv").write_text('"Größe, in m",b\n' + "".join(f"{n % 5},{n % 3}\n" for n in range(9)))
    name = name_of(in_tmp / "=1+1[x], \x1b'.csv", "Größe, in m")
    assert name.rpartition("@")[0] == "smoke[data==1+1_x_____.csv:Größe__in_m"
    with Store.open("own.db") as store:
        dataset = choose(Wanted(["smoke"], tables=[TableEntry(str(in_tmp / "=1+1[x], \x1b'.csv"), ("Größe, in m",))]))[
            0
        ].jobs[0]
        store.add_dataset(
            digest=dataset.digest, name=dataset.dataset, sizes=(7, 1, 1), inputs=1, target_low=[0], target_high=[1],
            source=str(in_tmp / "=1+1[x], \x1b'.csv"),
        )  # fmt: skip
    roots.use(Added())
    assert choose(Wanted([name], db="own.db"))[0].name == name
