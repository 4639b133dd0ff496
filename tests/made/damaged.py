"""A small database with a row in every table, and every way in which a copy of it is damaged."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from regbench import variants
from regbench.job import Job
from regbench.store import Adoption, Checkpoint, Choice, EpochRows, Finished, Member, Store
from regbench.store.models import Base
from tests.made.jobs import JobMaker

LENGTH = 3  # epochs of a run
NAMES = ("val/rmse", "val/mae", "test/rmse", "test/mae", "encoder/entropy")
WRONG = {"text": "abc", "bytes": b"\x00\xff\x80", "nothing": None, "a number": -7, "a huge number": 2**62, "list": "[]"}


def fill(path: Path, make_job: JobMaker) -> None:
    """A sweep, a benchmark that chose from it, and runs that finished, diverged, failed, and were interrupted."""
    methods = [("lsq", None), ("end2end", 25), ("soft_binning", 25)]
    jobs = [make_job(method=name, k=k, seed=seed) for name, k in methods for seed in range(3)]
    tried = [make_job(method="lsq", seed=1000, learning_rate=rate) for rate in (1e-3, 1e-2)]
    stages = [{"axes": [["learning_rate", [1e-3, 1e-2]]]}]
    with Store.open(path) as store:
        store.add_dataset(
            digest=jobs[0].digest, name=jobs[0].dataset, sizes=[8, 1, 1], inputs=[3, 3], target_low=[0.0],
            target_high=[2.0], source="made", licence="CC0",
        )  # fmt: skip
        swept = [
            Member(job, f"lsq[learning_rate={job.protocol.learning_rate:g}]", "lsq", {"learning_rate": 1e-3})
            for job in tried
        ]
        store.add_benchmark("sweep", {"sweep": stages, "datasets": [jobs[0].dataset]}, swept)
        chooses = {"choose": {"from": ["sweep"]}, "datasets": [jobs[0].dataset], "expected": {jobs[0].dataset: 12}}
        store.add_benchmark("made", chooses, [Member(job, label(job)) for job in jobs])
        store.choose("made", [choice(tried)])
        finish(store, [*tried, *jobs[:-2]])
        failed, interrupted = store.claim(
            {job.key: "code" for job in jobs[-2:]}, owner="me", lease_s=60, environment={"python": "3"}, device="cpu"
        )
        store.fail([failed], failure_class="user code", error="ValueError: made up")
        rows = [EpochRows(interrupted.run_id, 1, {"val/rmse": 0.5})]
        store.write(rows, claims=[interrupted], checkpoints=[Checkpoint(interrupted.run_id, 1, b"state")])
        store.note_resumption([interrupted.run_id], epoch=1, exact=True)
        store.block({"soft_binning": "made up"})
        store.adopt([Adoption("other", "code", "abc", {"jobs": 1})])


def label(job: Job) -> str:
    return variants.label(job.method, dict(job.hparams), dict(job.static))


def finish(store: Store, jobs: list[Job]) -> None:
    claims = store.claim(
        {job.key: "code" for job in jobs}, owner="me", lease_s=60, environment={"python": "3", "commit": "abc"},
        device="cpu",
    )  # fmt: skip
    rows = [
        EpochRows(claim.run_id, epoch, dict.fromkeys(NAMES, (1 + number % 5) / (10 + epoch)))
        for number, claim in enumerate(claims)
        for epoch in range(1, LENGTH + 1)
    ]
    arrays = {"weight": np.ones((2, 3), np.float32)}
    rows += [EpochRows(claim.run_id, LENGTH, {}, arrays) for claim in claims]
    kept = {"predictions": {"val": np.zeros((1, 1), np.float32)}, "parameters": {"mu": np.linspace(0, 1, 5)}}
    ended = [Finished(claim.run_id, seconds=1.0, epochs=LENGTH, best_epoch=2, **kept) for claim in claims]
    store.write(rows, claims=claims)
    store.finish(ended, claims=claims)


def choice(tried: list[Job]) -> Choice:
    return Choice(
        dataset=tried[0].dataset, variant="lsq", k=None, values={"learning_rate": 1e-3}, source="sweep",
        carried_from_k=None, by="val/rmse", jobs=tuple(job.key for job in tried), winner=(tried[0].key,), metric=0.1,
        default_metric=0.2, tried=2, diverged=0, on_edge=("learning_rate",),
    )  # fmt: skip


Damage = Callable[[Path], None]


def damages(path: Path, *, flips: int) -> Iterator[tuple[str, Damage]]:
    """Each damage with its name; the file says how long it is."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            for name, value in WRONG.items():
                yield f"{name} in {table}.{column.name}", values(table.name, column.name, value)
            yield f"no column {table}.{column.name}", sql(f'ALTER TABLE "{table}" RENAME COLUMN {column.name} TO gone')
        yield f"no table {table}", sql(f'DROP TABLE "{table}"')
        yield f"no rows in {table}", sql(f'DELETE FROM "{table}"')
        yield f"one row less in {table}", sql(f'DELETE FROM "{table}" WHERE {first(table.name)}')
    size = path.stat().st_size
    for number in range(flips):
        yield f"cut {number}", cut(size * number // flips)
        yield f"zeros {number}", flip(size * number // flips, 20, 0)
        yield f"one byte {number}", flip((7919 * number) % size, 1, 255)
        yield f"letters {number}", flip((104729 * number) % size, 3, 65)


def values(table: str, column: str, value: Any) -> Damage:
    """Put a value into the first row, or into all where keys may be alike; no rule of the table is in the way."""

    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
            connection.commit()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE {first(table)}', (value,))
            connection.commit()

    return damage


def first(table: str) -> str:
    """A condition for the first row of a table, by its key, for a table may have no row numbers."""
    keys = [column.name for column in Base.metadata.tables[table].primary_key]
    key = ", ".join(keys)
    return f'({key}) = (SELECT {key} FROM "{table}" ORDER BY {key} LIMIT 1)'


def sql(statement: str) -> Damage:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()

    return damage


def cut(size: int) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:size])

    return damage


def flip(place: int, count: int, byte: int) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[place : place + count] = bytes([byte]) * len(content[place : place + count])
        path.write_bytes(content)

    return damage
