"""Checkpoints of unfinished runs: the state after the last stored epoch, and the pack the run is trained in.

A checkpoint is written in the same transaction as its epochs. A large one is a file next to the database, which is
written, synced and renamed before the transaction, so that a file named in the database always exists. The database
holds its digest.
"""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from regbench.errors import InfrastructureError
from regbench.store.models import CheckpointRow, JobRow, PackRow, RunRow
from regbench.store.sql import chunks, insert_new, rows_in
from regbench.store.values import Checkpoint, Resumable

# Failures of the machine, not of the job: such a run goes on from its checkpoint, as an interrupted one does.
OF_THE_MACHINE = ("infrastructure", "resources")
LARGEST_IN_DATABASE = 16 * 2**20  # bytes; a larger one makes the database slow to copy


def stage(folder: Path | None, checkpoints: Sequence[Checkpoint]) -> list[dict[str, Any]]:
    """Rows for `save`; large states are written to files in `folder` (None: everything goes into the database)."""
    return [_row(folder, checkpoint) for checkpoint in checkpoints]


def _row(folder: Path | None, checkpoint: Checkpoint) -> dict[str, Any]:
    digest = hashlib.sha256(checkpoint.data).hexdigest()
    row = {
        "run_id": checkpoint.run_id,
        "epoch": checkpoint.epoch,
        "digest": digest,
        "data": checkpoint.data,
        "file": None,
    }
    if folder is None or len(checkpoint.data) <= LARGEST_IN_DATABASE:
        return row
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{checkpoint.run_id}-{checkpoint.epoch}-{digest[:16]}.bin"
    temporary = folder / f"{name}.{os.getpid()}"
    with temporary.open("wb") as file:
        file.write(checkpoint.data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / name)
    return {**row, "data": None, "file": name}


def sweep(folder: Path | None) -> None:
    """Delete what writers that were killed left unfinished: files named by the number of a process that has ended."""
    import psutil

    for path in folder.glob("*.bin.*") if folder else ():
        number = path.suffix.removeprefix(".")
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            path.unlink(missing_ok=True)


def save(connection: Connection, rows: Sequence[Mapping[str, Any]], held: Collection[int]) -> list[str]:
    """Replace the checkpoints of the runs in `held`; returns the files that are no longer needed."""
    kept = [row for row in rows if row["run_id"] in held]
    unneeded = drop(connection, [row["run_id"] for row in kept])
    unneeded += [row["file"] for row in rows if row["run_id"] not in held and row["file"]]
    if kept:
        connection.execute(insert(CheckpointRow), kept)
    return [name for name in unneeded if name not in {row["file"] for row in kept}]


def drop(connection: Connection, runs: Collection[int]) -> list[str]:
    """Delete the checkpoints of these runs from the database; returns their files."""
    files = rows_in(connection, select(CheckpointRow.file), CheckpointRow.run_id, runs)
    for some in chunks(runs):
        connection.execute(delete(CheckpointRow).where(CheckpointRow.run_id.in_(some)))
    return [name for (name,) in files if name]


def of_same_jobs(connection: Connection, runs: Collection[int]) -> set[int]:
    """These runs and all other runs of their jobs; once a job is done, none of them will be resumed."""
    jobs = {job for (job,) in rows_in(connection, select(RunRow.job_id), RunRow.id, runs)}
    return {run for (run,) in rows_in(connection, select(RunRow.id), RunRow.job_id, jobs)}


def remove(folder: Path | None, files: Sequence[str]) -> None:
    """Delete checkpoint files that are no longer needed."""
    if folder:
        for name in files:
            (folder / name).unlink(missing_ok=True)


def load(connection: Connection, folder: Path | None, run: int) -> bytes:
    """The state of a run; raises `InfrastructureError` if its file is missing or damaged."""
    row = connection.execute(
        select(CheckpointRow.data, CheckpointRow.file, CheckpointRow.digest).where(CheckpointRow.run_id == run)
    ).one()
    path = folder / row.file if folder and row.file else None
    try:
        data = row.data if path is None else path.read_bytes()
    except OSError as error:
        raise InfrastructureError(f"checkpoint {path}: {error.strerror}; the next attempt starts at epoch 1") from error
    if hashlib.sha256(data).hexdigest() != row.digest:
        raise InfrastructureError(
            f"checkpoint {path or f'of run {run}'} is damaged: its digest is not what was written; "
            "the next attempt starts at epoch 1"
        )
    return data


def resumable(connection: Connection, code: Mapping[str, str]) -> dict[str, Resumable]:
    """Of these jobs (key -> wanted code digest), those whose last run can be resumed, by key."""
    found: dict[str, Resumable] = {}
    for some in chunks(sorted(code)):
        newest = (
            select(func.max(RunRow.id)).join(JobRow, JobRow.id == RunRow.job_id).where(JobRow.key.in_(some))
        ).group_by(RunRow.job_id)
        query = (
            select(JobRow.key, RunRow.id, RunRow.pack, RunRow.code_digest, CheckpointRow.epoch)
            .join(RunRow, RunRow.job_id == JobRow.id)
            .join(CheckpointRow, CheckpointRow.run_id == RunRow.id)
            .where(RunRow.id.in_(newest), or_(RunRow.status == "interrupted", RunRow.failure_class.in_(OF_THE_MACHINE)))
        )
        for key, run, pack, digest, epoch in connection.execute(query):
            if digest == code[key]:
                found[key] = Resumable(run, epoch, pack)
    return found


def composition(connection: Connection, packs: Collection[str]) -> dict[str, list[str]]:
    """The job keys of these packs, in the order in which they were trained."""
    return dict(rows_in(connection, select(PackRow.id, PackRow.jobs), PackRow.id, packs))


def remember_pack(connection: Connection, keys: Sequence[str]) -> str:
    """Store a pack of exactly these jobs in this order; returns its id."""
    name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
    insert_new(connection, PackRow, [{"id": name, "jobs": list(keys)}])
    return name


def note_resumption(connection: Connection, runs: Collection[int], note: Mapping[str, Any]) -> None:
    """Append a note about a resumption to each of these runs."""
    for run, before in rows_in(connection, select(RunRow.id, RunRow.resumed), RunRow.id, runs):
        connection.execute(update(RunRow).where(RunRow.id == run).values(resumed=[*(before or []), dict(note)]))
