"""Merging is a union: whatever the order, the grouping and the repetition, the same results come together."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from regbench.errors import InfrastructureError, NothingMeasured, UsageError
from regbench.job import canonical
from regbench.store import (
    DISTILLED,
    DISTILLED_CURVES,
    WHOLE,
    EpochRows,
    Finished,
    Store,
    export,
    import_,
    merge,
    merged,
    models,
)
from regbench.store.models import Base, EnvironmentRow, JobRow, RunRow
from regbench.store.upgrade import VERSION_TABLE, alembic_config
from tests.store.conftest import job, labelled, train
from tests.store.test_transfer import fill

LOCAL = {"id", "job_id", "environment_id", "run_id", "lease_owner", "lease_until", "lease_token", "blocked"}
REFERRED = {"job_id": (JobRow, JobRow.key), "run_id": (RunRow, RunRow.uuid)}
REFERRED["environment_id"] = (EnvironmentRow, EnvironmentRow.digest)


def content(store: Store) -> dict[str, list[str]]:
    """Everything in a store by table, in terms of keys instead of row ids."""
    tables = [mapper.class_ for mapper in Base.registry.mappers if mapper.class_ is not models.CheckpointRow]
    return {table.__tablename__: sorted(_rows(store, table)) for table in tables}


def _rows(store: Store, table: Any) -> Iterator[str]:
    with store.reading() as connection:
        known = {
            name: dict(connection.execute(select(referred.id, key)).all()) for name, (referred, key) in REFERRED.items()
        }
        for row in connection.execute(select(table.__table__)).mappings():
            named = {name: known[name][row[name]] for name in REFERRED if name in row}
            kept = {name: value for name, value in row.items() if name not in LOCAL}
            yield canonical({**kept, **named} | {n: v.hex() for n, v in kept.items() if isinstance(v, bytes)})


def machine(
    folder: Path,
    name: str,
    *,
    seeds: Sequence[int] = (0,),
    curve: Sequence[float] = (0.3, 0.1),
    grid: int = 0,
    code: str = "c0",
    host: str = "",
    started: float | None = None,
) -> Path:
    """A database of one machine, with the runs of some seeds."""
    path = folder / f"{name}.db"
    with Store.open(path) as store:
        jobs = [job(seed=seed) for seed in seeds]
        store.add_benchmark("small", {"grid": grid}, labelled(*[job(seed=seed) for seed in range(3)][:: 1 - 2 * grid]))
        store.add_dataset(
            digest="sha256:diamonds",
            name="diamonds",
            sizes=(8, 1, 1),
            inputs=9,
            target_low=[0.0],
            target_high=[1.0],
            source=f"/data/{name}",
        )
        wanted = {each.key: code for each in jobs}
        claims = store.claim(
            wanted,
            owner=name,
            lease_s=60,
            environment={"host": host or name, "libraries": {"torch": name}},
            device="cpu",
        )
        rows = [
            EpochRows(claim.run_id, epoch, {"val/rmse": value, "test/rmse": 2 * value, "seconds": len(name) + epoch})
            for claim in claims
            for epoch, value in enumerate(curve, 1)
        ]
        store.write(rows, claims=claims)
        store.finish([Finished(claim.run_id, seconds=1.0, epochs=len(curve)) for claim in claims], claims=claims)
    return path


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Databases and exports that have jobs, runs, grids and data in common, some of them in several states."""
    folder = tmp_path_factory.mktemp("sources")
    one = machine(folder, "one", seeds=(0, 1))
    two = machine(folder, "two", seeds=(1, 2), curve=(0.3, 0.125))
    other = machine(folder, "other", seeds=(2,), grid=1, code="c1")
    with Store.open(folder / "full.db") as full:
        fill(full)
        for name, part in {"distilled": DISTILLED, "curves": DISTILLED_CURVES, "whole": WHOLE}.items():
            export(full, folder / name, part=part)
    begun = folder / "begun.db"
    with Store.open(begun) as store:
        store.add_benchmark("begun", {}, labelled(job(seed=7)))
        claims = store.claim({job(seed=7).key: "c0"}, owner="a", lease_s=60, environment={"host": "a"}, device="cpu")
        store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.5})], claims=claims)
        copies = [_copy(begun, folder / f"{name}.db") for name in ("ended", "ended_too")]
        store.interrupt(claims)
    for copy, value in zip(copies, (0.25, 0.125), strict=True):  # the same run goes on in two copies of the file
        with Store.open(copy) as store:
            store.write([EpochRows(claims[0].run_id, 2, {"val/rmse": value})], claims=claims)
            store.finish([Finished(claims[0].run_id, seconds=1.0, epochs=2)], claims=claims)
    return [one, two, other, folder / "distilled", folder / "curves", folder / "whole", begun, *copies]


def _copy(path: Path, to: Path) -> Path:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


class Lab:
    """Merges of sources, each made in a folder of its own and remembered by its content."""

    def __init__(self, folder: Path, sources: Sequence[Path]) -> None:
        self.folder, self.sources = folder, sources
        self.count = 0

    def merged(self, *groups: Path) -> Path:
        """The database that these sources give, in this order."""
        self.count += 1
        path = self.folder / f"{self.count}.db"
        with Store.open(path) as store:
            merge(store, groups, alone=True)
        return path


def of(path: Path) -> dict[str, list[str]]:
    with Store.open(path, read_only=True) as store:
        return content(store)


CHOSEN = st.lists(st.integers(0, 8), min_size=1, max_size=3)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHOSEN, CHOSEN, CHOSEN)
def test_merging_is_idempotent_commutative_and_associative(sources, one, two, three):
    with TemporaryDirectory() as folder:
        lab = Lab(Path(folder), sources)
        a, b, c = (lab.merged(*(sources[number] for number in numbers)) for numbers in (one, two, three))
        ab = lab.merged(a, b)
        assert of(lab.merged(b, a)) == of(ab)
        assert of(lab.merged(ab, ab, a)) == of(ab)
        assert of(lab.merged(ab, c)) == of(lab.merged(a, lab.merged(c, b)))


def test_everything_of_every_source_is_there(sources: list[Path], tmp_path: Path):
    """All runs with all numbers, and both of a run that two copies of a database went on with."""
    with Store.open(tmp_path / "all.db") as store:
        merge(store, sources)
        assert len(store.runs()) == 2 + 2 + 1 + 4 + 2
        assert set(store.runs()["status"]) == {"finished", "failed"}
        assert sorted(store.cells("begun")["val_rmse"]) == [0.125]
        for name, rows in of(sources[0]).items():
            if name in ("run", "metric", "job", "environment"):
                assert set(rows) <= set(content(store)[name])


@pytest.fixture
def two_results(tmp_path: Path) -> Store:
    """Two machines have run seed 0 with the same numbers and seed 1 with others."""
    a = machine(tmp_path, "a", seeds=(0,))
    machine(tmp_path, "a", seeds=(1,), curve=(0.25, 0.125))
    b = machine(tmp_path, "bb", seeds=(0,))
    machine(tmp_path, "bb", seeds=(1,), curve=(0.25, 0.1875))
    with Store.open(tmp_path / "all.db") as store:
        merge(store, [b, a])
        return store


def test_equal_results_are_one_row_with_two_witnesses_and_unequal_ones_a_measured_effect(two_results: Store):
    frame = two_results.cells("small")
    assert list(frame["seed"]) == [0, 1, 2]
    same, differs = two_results.witnesses()
    assert (same.label, same.alike, same.numbers) == ("lsq seed=0", True, 4)
    assert (differs.label, differs.numbers) == ("lsq seed=1", 4)
    assert {name: effect.largest for name, effect in differs.effects.items()} == {
        "val/rmse": 0.0625,
        "test/rmse": 0.125,
    }
    assert differs.effects["val/rmse"].epochs == 1
    assert differs.effects["val/rmse"].relative == pytest.approx(0.0625 / 0.1875)
    assert (differs.counts.host, differs.counts.value, differs.other.host, differs.other.value) == (
        "bb",
        0.375,
        "a",
        0.25,
    )
    assert differs.change == 0.125
    assert differs.unlike == (("host", "bb", "a"), ("torch", "bb", "a"))
    assert frame["test_rmse"].iloc[1] == 0.375  # of the run that ended last


def test_results_of_different_code_say_nothing_about_the_environment(tmp_path: Path):
    a, b = machine(tmp_path, "a", code="c0"), machine(tmp_path, "b", code="c1", curve=(0.5, 0.5))
    with Store.open(tmp_path / "all.db") as store:
        merge(store, [a, b])
        assert store.witnesses() == []


def test_a_run_that_is_finite_on_one_machine_only_is_an_effect(tmp_path: Path):
    a, b = machine(tmp_path, "a"), machine(tmp_path, "b", curve=(0.3, float("nan")))
    with Store.open(tmp_path / "all.db") as store:
        merge(store, [a, b])
        (pair,) = store.witnesses([job(seed=0).key])
        assert pair.effects["val/rmse"].largest is None
        assert store.witnesses([job(seed=1).key]) == []


def test_the_grid_run_last_has_the_name_and_the_other_one_keeps_its_rows(tmp_path: Path):
    a, b = machine(tmp_path, "a"), machine(tmp_path, "b", seeds=(1,), grid=1)
    with Store.open(tmp_path / "all.db") as store:
        (note,) = merge(store, [b, a]).notes
        (other,) = set(store.benchmarks()["name"]) - {"small"}
        assert note == f"benchmark small: several grids have that name; the one run last keeps it, beside {other}"
        assert store.config("small") == {"grid": 1}
        assert store.config(other) == {"grid": 0}
        assert list(store.cells("small")["seed"]) == [2, 1, 0]
        assert list(store.cells(other)["seed"]) == [0, 1, 2]


def test_a_run_that_a_worker_holds_is_left_alone(tmp_path: Path):
    with Store.open(tmp_path / "a.db") as store:
        store.add_benchmark("small", {}, labelled(job()))
        claims = store.claim({job().key: "c0"}, owner="a", lease_s=60, environment={}, device="cpu")
        copy = _copy(tmp_path / "a.db", tmp_path / "copy.db")
        store.finish([Finished(claims[0].run_id, seconds=1.0, epochs=1)], claims=claims)
    with Store.open(copy) as target:
        (note,) = merge(target, [tmp_path / "a.db"]).notes
        assert "1 of its runs are being trained" in note
        assert list(target.runs()["status"]) == ["running"]
        target.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.5})], claims=claims)
        target.interrupt(claims)
        assert merge(target, [tmp_path / "a.db"]).notes == ()
        assert list(target.runs()["status"]) == ["finished"]


def test_a_merge_equals_imports_where_no_two_sources_differ(tmp_path: Path):
    with Store.open(tmp_path / "full.db") as full:
        fill(full)
        export(full, tmp_path / "out")
    with Store.open(tmp_path / "one.db") as one, Store.open(tmp_path / "two.db") as two:
        moved = import_(one, tmp_path / "out")
        assert dict(merge(two, [tmp_path / "full.db"]).rows) == dict(moved.rows)
        assert content(one) == content(two)


def test_results_merge_between_kinds_of_database(new_postgresql_database: str, tmp_path: Path):
    a, b = machine(tmp_path, "a"), machine(tmp_path, "b", seeds=(1,))
    with Store.open(new_postgresql_database) as server:
        merge(server, [a])
        merge(server, [a, new_postgresql_database])
        with Store.open(tmp_path / "one.db") as one, Store.open(tmp_path / "two.db") as two:
            merge(one, [b, new_postgresql_database])
            merge(two, [a, b])
            assert content(one) == content(two)
        assert server.witnesses() == []


def test_a_file_of_an_older_version_is_merged_and_stays_what_it_is(tmp_path: Path):
    old = machine(tmp_path, "old")
    with Store.open(old) as store, store.writing() as connection:
        command.downgrade(alembic_config(connection), "0006")
    before = old.read_bytes()
    with Store.open(tmp_path / "all.db") as store:
        merge(store, [old])
        assert list(store.runs()["status"]) == ["finished"]
    assert old.read_bytes() == before
    assert not list(tmp_path.glob("*.bak"))


def bad(folder: Path, kind: str) -> Path:
    path = folder / "bad.db"
    match kind:
        case "damaged":
            machine(folder, "bad")
            path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 9000)
        case "newer":
            machine(folder, "bad")
            with closing(sqlite3.connect(path)) as other, other:
                other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        case "empty":
            path.touch()
        case "no database":
            path.write_text("seed,rmse\n" * 100)
        case "somebody else's":
            with closing(sqlite3.connect(path)) as other:
                other.execute("CREATE TABLE photo (id INTEGER)")
        case "folder":
            path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("damaged", "damaged"),
        ("newer", "made by a newer regbench"),
        ("empty", "it is empty"),
        ("no database", "it is not a database"),
        ("somebody else's", "it holds other tables"),
        ("folder", "no results in it"),
        ("missing", "there is no database or folder"),
    ],
)
def test_a_source_that_cannot_be_merged_is_one_line_and_changes_nothing(tmp_path: Path, kind: str, complaint: str):
    good = machine(tmp_path, "good")
    with Store.open(tmp_path / "all.db") as store:
        with pytest.raises((InfrastructureError, UsageError, NothingMeasured), match=complaint) as refused:
            merge(store, [good, bad(tmp_path, kind)])
        assert "bad.db" in str(refused.value)
        assert "\n" not in str(refused.value)
        assert not any(content(store).values())


def test_several_databases_are_read_as_if_merged(two_results: Store, tmp_path: Path):
    with merged([tmp_path / "a.db", tmp_path / "bb.db"]) as (read, notes):
        assert notes == ()
        assert content(read) == of(tmp_path / "all.db")
    with Store.open(tmp_path / "a.db") as store:
        train(store, job(seed=2))
        store.add_benchmark("more", {}, labelled(job(seed=4)))
        store.claim({job(seed=4).key: "c0"}, owner="a", lease_s=60, environment={}, device="cpu")
    with merged([tmp_path / "a.db", tmp_path / "bb.db"]) as (read, _):
        by_name = {standing.benchmark: standing for standing in read.status()}
        assert (by_name["small"].done, by_name["more"].running) == (3, 1)
