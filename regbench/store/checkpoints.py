"""Where an unfinished run can go on: the state after its last written epoch, and the pack it was trained in.

A checkpoint is written in the transaction of the epochs it explains. A large one is a file beside the database:
written, synced and renamed first, so that what a transaction names is there, and known by its digest.
"""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from regbench.errors import InfrastructureError
from regbench.store.models import CheckpointRow, JobRow, PackRow, RunRow
from regbench.store.sql import chunks, insert_new, rows_in
from regbench.store.values import Checkpoint, Resumable

LARGEST_IN_DATABASE = 16 * 2**20  # bytes; a larger one makes the database slow to copy


def stage(folder: Path | None, checkpoints: Sequence[Checkpoint]) -> list[dict[str, Any]]:
    """Rows for `save`; what is large is put into the folder (None: everything goes into the database)."""
    return [_row(folder, each) for each in checkpoints]


def _row(folder: Path | None, each: Checkpoint) -> dict[str, Any]:
    digest = hashlib.sha256(each.data).hexdigest()
    row = {"run_id": each.run_id, "epoch": each.epoch, "digest": digest, "data": each.data, "file": None}
    if folder is None or len(each.data) <= LARGEST_IN_DATABASE:
        return row
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{each.run_id}-{each.epoch}-{digest[:16]}.bin"
    temporary = folder / f"{name}.{os.getpid()}"
    with temporary.open("wb") as file:
        file.write(each.data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / name)
    return {**row, "data": None, "file": name}


def save(connection: Connection, rows: Sequence[Mapping[str, Any]], held: Collection[int]) -> list[str]:
    """Replace the checkpoints of the runs that are still ours; gives the files that nobody needs now."""
    kept = [row for row in rows if row["run_id"] in held]
    unneeded = drop(connection, [row["run_id"] for row in kept])
    unneeded += [row["file"] for row in rows if row["run_id"] not in held and row["file"]]
    if kept:
        connection.execute(insert(CheckpointRow), kept)
    return [name for name in unneeded if name not in {row["file"] for row in kept}]


def drop(connection: Connection, runs: Collection[int]) -> list[str]:
    """Forget the checkpoints of these runs; gives their files."""
    files = rows_in(connection, select(CheckpointRow.file), CheckpointRow.run_id, runs)
    for some in chunks(runs):
        connection.execute(delete(CheckpointRow).where(CheckpointRow.run_id.in_(some)))
    return [name for (name,) in files if name]


def of_same_jobs(connection: Connection, runs: Collection[int]) -> set[int]:
    """These runs and all others of their jobs: once a job is done, nobody goes on with it."""
    jobs = {job for (job,) in rows_in(connection, select(RunRow.job_id), RunRow.id, runs)}
    return {run for (run,) in rows_in(connection, select(RunRow.id), RunRow.job_id, jobs)}


def remove(folder: Path | None, files: Sequence[str]) -> None:
    """Delete files that no checkpoint names any more."""
    if folder:
        for name in files:
            (folder / name).unlink(missing_ok=True)


def load(connection: Connection, folder: Path | None, run: int) -> bytes:
    """The state of a run; an error where its file is gone or is not what was written."""
    row = connection.execute(
        select(CheckpointRow.data, CheckpointRow.file, CheckpointRow.digest).where(CheckpointRow.run_id == run)
    ).one()
    path = folder / row.file if folder and row.file else None
    try:
        data = row.data if path is None else path.read_bytes()
    except OSError as error:
        raise InfrastructureError(f"checkpoint {path}: {error.strerror}; put it back, or delete the run") from error
    if hashlib.sha256(data).hexdigest() != row.digest:
        raise InfrastructureError(
            f"checkpoint {path or f'of run {run}'} is damaged: its digest is not what was written"
        )
    return data


def resumable(connection: Connection, code: Mapping[str, str]) -> dict[str, Resumable]:
    """Of these jobs (key -> wanted code digest), those whose last run can go on, by key."""
    found: dict[str, Resumable] = {}
    for some in chunks(sorted(code)):
        newest = (
            select(func.max(RunRow.id)).join(JobRow, JobRow.id == RunRow.job_id).where(JobRow.key.in_(some))
        ).group_by(RunRow.job_id)
        query = (
            select(JobRow.key, RunRow.id, RunRow.pack, RunRow.code_digest, CheckpointRow.epoch)
            .join(RunRow, RunRow.job_id == JobRow.id)
            .join(CheckpointRow, CheckpointRow.run_id == RunRow.id)
            .where(RunRow.id.in_(newest), RunRow.status == "interrupted")
        )
        for key, run, pack, digest, epoch in connection.execute(query):
            if digest == code[key]:
                found[key] = Resumable(run, epoch, pack)
    return found


def composition(connection: Connection, packs: Collection[str]) -> dict[str, list[str]]:
    """The jobs of these packs, in the order in which they were trained."""
    return dict(rows_in(connection, select(PackRow.id, PackRow.jobs), PackRow.id, packs))


def remember_pack(connection: Connection, keys: Sequence[str]) -> str:
    """The name of a pack of just these jobs in this order."""
    name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
    insert_new(connection, PackRow, [{"id": name, "jobs": list(keys)}])
    return name


def note_resumption(connection: Connection, runs: Collection[int], note: Mapping[str, Any]) -> None:
    """Add to what is known of these runs that they were resumed, and how exactly."""
    for run, before in rows_in(connection, select(RunRow.id, RunRow.resumed), RunRow.id, runs):
        connection.execute(update(RunRow).where(RunRow.id == run).values(resumed=[*(before or []), dict(note)]))
