"""A damaged export is read or refused in one line, and a refused one leaves nothing."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regbench.errors import RegbenchError
from regbench.store import Store, export, import_, opened
from tests.store.test_transfer import fill


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    with Store.open(folder / "source.db") as store:
        fill(store)
        export(store, folder / "out")
    return folder / "out"


def rewrite(path: Path, draw: random.Random, change: Callable[[pa.Table, int, random.Random], pa.Table]) -> None:
    table = pq.read_table(path)
    pq.write_table(change(table, draw.randrange(table.num_columns), draw), path)


def dropped(table: pa.Table, column: int, _: random.Random) -> pa.Table:
    return table.remove_column(column)


def renamed(table: pa.Table, column: int, _: random.Random) -> pa.Table:
    names = list(table.column_names)
    names[column] += "_"
    return table.rename_columns(names)


def replaced(table: pa.Table, column: int, values: pa.Array) -> pa.Table:
    field = table.schema.field(column)
    made = pa.field(field.name, values.type, metadata=field.metadata)
    return table.set_column(column, made, values)


def as_text(table: pa.Table, column: int, _: random.Random) -> pa.Table:
    return replaced(table, column, pa.array(["abc"] * len(table)))


def as_numbers(table: pa.Table, column: int, _: random.Random) -> pa.Table:
    return replaced(table, column, pa.array([-7] * len(table), pa.int64()))


def nulls(table: pa.Table, column: int, _: random.Random) -> pa.Table:
    return replaced(table, column, pa.nulls(len(table), table.schema.field(column).type))


def doubled(table: pa.Table, *_: object) -> pa.Table:
    return pa.concat_tables([table, table])


def emptied(table: pa.Table, *_: object) -> pa.Table:
    return table.slice(0, 0)


CHANGES = [dropped, renamed, as_text, as_numbers, nulls, doubled, emptied]


def mutate(folder: Path, draw: random.Random) -> None:
    path = draw.choice(sorted(folder.glob("*.parquet")))
    match draw.randrange(10):
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)])
        case 2:
            place = draw.randrange(path.stat().st_size)
            path.write_bytes(path.read_bytes()[:place] + b"\0" * 9 + path.read_bytes()[place + 9 :])
        case _:
            rewrite(path, draw, draw.choice(CHANGES))


def complaint(folder: Path) -> str:
    """What is said about an export when it is read; nothing if it can be read."""
    try:
        with opened(folder) as (store, _):
            for name in store.benchmarks()["name"]:
                store.cells(str(name))
    except RegbenchError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("start", [0, *[pytest.param(start, marks=pytest.mark.slow) for start in range(20, 200, 20)]])
def test_a_changed_export_is_read_or_refused_in_one_line(whole: Path, tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 20):
        folder = tmp_path / str(seed)
        shutil.copytree(whole, folder)
        mutate(folder, random.Random(seed))
        assert len(complaint(folder).splitlines()) <= 1, seed


def test_text_in_a_column_of_numbers_is_refused_and_nothing_is_written(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(whole, folder)
    table = pq.read_table(folder / "jobs.parquet")
    pq.write_table(as_text(table, table.column_names.index("seed"), random.Random(0)), folder / "jobs.parquet")
    with Store.open(tmp_path / "copy.db") as copy:
        with pytest.raises(RegbenchError, match=r"jobs\.parquet: column 'seed' holds string, not whole numbers"):
            import_(copy, folder)
        assert copy.benchmarks().empty
