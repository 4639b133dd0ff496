"""Leases: a worker holds a job for a limited time, and can no longer write once another worker has taken it over.

Each claim increments the job's token, and a write with an old token is refused (fencing tokens: M. Kleppmann, *How to
do distributed locking*, 2016).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func, insert, or_, select, update

from regbench.store import environments
from regbench.store.checkpoints import remember_pack, resumable
from regbench.store.jobs import done
from regbench.store.models import EnvironmentRow, JobRow, RunRow
from regbench.store.sql import chunks, insert_new, now, rows_in
from regbench.store.values import Claim


def claim(
    connection: Connection,
    code: Mapping[str, str],
    *,
    owner: str,
    lease_s: float,
    environment: Mapping[str, Any],
    device: str,
) -> list[Claim]:
    """Lease the jobs (key -> code digest) that are neither done nor leased by another owner, and open a run for each.

    A run of the same code that was interrupted, or that the machine failed, is reopened if it has a checkpoint.
    """
    moment = now(connection)
    free = _lock_free(connection, code, owner=owner, moment=moment)
    finished = done(connection, {key: code[key] for key in free})
    ours = {key: job for key, job in free.items() if key not in finished}
    jobs = [job_id for job_id, _ in ours.values()]
    interrupt_abandoned(connection, jobs, moment=moment)
    resumed = resumable(connection, {key: code[key] for key in ours})
    attempts = _attempts(connection, jobs)
    environment_id = _environment(connection, environment)
    taken = {"lease_owner": owner, "lease_until": moment + lease_s, "lease_token": JobRow.lease_token + 1}
    for some in chunks(jobs):
        connection.execute(update(JobRow).where(JobRow.id.in_(some)).values(**taken, blocked=None))
    keys = [key for key in code if key in ours]
    pack = remember_pack(connection, keys)
    shared = {"status": "running", "environment_id": environment_id, "device": device, "pack": pack}
    new = [
        {
            **shared,
            "uuid": str(uuid4()),
            "job_id": ours[key][0],
            "attempt": attempts.get(ours[key][0], 0) + 1,
            "code_digest": code[key],
            "lease_token": ours[key][1] + 1,
            "started": moment,
            "epochs": 0,
        }
        for key in keys
        if key not in resumed
    ]
    if new:
        connection.execute(insert(RunRow), new)
    for key, before in resumed.items():
        again = update(RunRow).where(RunRow.id == before.run_id)
        fresh = {"finished": None, "failure_class": None, "error": None}
        connection.execute(again.values(**shared, **fresh, lease_token=ours[key][1] + 1))
    uuids = [run["uuid"] for run in new]
    numbers = dict(rows_in(connection, select(RunRow.uuid, RunRow.id), RunRow.uuid, uuids))
    by_job = {run["job_id"]: numbers[run["uuid"]] for run in new}
    claims = []
    for key in keys:
        job_id, token = ours[key]
        if key in resumed:
            before = resumed[key]
            claims.append(Claim(before.run_id, key, token + 1, before.epoch, before.pack, code[key]))
        else:
            claims.append(Claim(by_job[job_id], key, token + 1, pack=pack, code=code[key]))
    return claims


def renew(connection: Connection, claims: Sequence[Claim], *, lease_s: float) -> set[int]:
    """Extend the leases that are still held; returns their runs."""
    held = hold(connection, tokens_of(claims))
    for some in chunks(held.values()):
        until = now(connection) + lease_s
        connection.execute(update(JobRow).where(JobRow.id.in_(some)).values(lease_until=until))
    return set(held)


def hold(connection: Connection, tokens: Mapping[int, int]) -> dict[int, int]:
    """Of these runs (run -> token), those whose lease is still held: run -> job, locked until the transaction ends."""
    query = (
        select(RunRow.id, RunRow.job_id, RunRow.lease_token)
        .join(JobRow, JobRow.id == RunRow.job_id)
        .where(RunRow.status == "running", RunRow.lease_token == JobRow.lease_token)
        .order_by(JobRow.id)
        .with_for_update(of=JobRow)
    )
    rows = rows_in(connection, query, RunRow.id, sorted(tokens))
    return {run: job for run, job, token in rows if tokens[run] == token}


def tokens_of(claims: Iterable[Claim]) -> dict[int, int]:
    """The token each run was claimed with; the database has a newer one once another worker has taken the run over."""
    return {claim.run_id: claim.token for claim in claims}


def give_back(connection: Connection, jobs: Iterable[int]) -> None:
    """End the leases of these jobs."""
    for some in chunks(list(jobs)):
        connection.execute(update(JobRow).where(JobRow.id.in_(some)).values(lease_owner=None, lease_until=None))


def owners(connection: Connection) -> set[str]:
    """All owners of leases, including expired ones."""
    return {owner for owner in connection.execute(select(JobRow.lease_owner).distinct()).scalars() if owner}


def release(connection: Connection, dead: Collection[str]) -> None:
    """End every lease of owners known to be dead, and mark their runs as interrupted."""
    query = select(JobRow.id).where(JobRow.lease_owner.in_(sorted(dead))).order_by(JobRow.id).with_for_update()
    jobs = list(connection.execute(query).scalars())
    interrupt_abandoned(connection, jobs, moment=now(connection))
    give_back(connection, jobs)


def interrupt_abandoned(connection: Connection, jobs: Collection[int], *, moment: float) -> None:
    """Mark the runs of these jobs that are still `running`, whose worker is gone, as interrupted."""
    for some in chunks(jobs):
        abandoned = update(RunRow).where(RunRow.job_id.in_(some), RunRow.status == "running")
        connection.execute(abandoned.values(status="interrupted", finished=moment))


def _lock_free(
    connection: Connection, keys: Collection[str], *, owner: str, moment: float
) -> dict[str, tuple[int, int]]:
    """Key -> (job id, token) of the jobs without another owner; PostgreSQL skips jobs being claimed right now."""
    unheld = or_(JobRow.lease_until.is_(None), JobRow.lease_until < moment, JobRow.lease_owner == owner)
    query = select(JobRow.key, JobRow.id, JobRow.lease_token).where(unheld)
    locked = query.order_by(JobRow.id).with_for_update(skip_locked=True)
    return {key: (job, token) for key, job, token in rows_in(connection, locked, JobRow.key, sorted(keys))}


def _attempts(connection: Connection, jobs: Collection[int]) -> dict[int, int]:
    query = select(RunRow.job_id, func.max(RunRow.attempt)).group_by(RunRow.job_id)
    return dict(rows_in(connection, query, RunRow.job_id, jobs))


def _environment(connection: Connection, config: Mapping[str, Any]) -> int:
    row = environments.row(config)
    insert_new(connection, EnvironmentRow, [row])
    return connection.execute(select(EnvironmentRow.id).where(EnvironmentRow.digest == row["digest"])).scalar_one()
