"""Adoptions: pairs of code digests that were shown to compute the same, with the evidence."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from regbench.job import Job
from regbench.store.models import AdoptionRow, JobRow, RunRow
from regbench.store.sql import insert_new, now
from regbench.store.values import Adoption, Trained

Digest = ColumnElement[str] | InstrumentedAttribute[str]


class Codes:
    """Code digests, grouped by the numbers they compute: digests of one group count as the same code."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._name: dict[str, str] = {}
        for pair in pairs:
            together = {self.name(digest) for digest in pair}
            for digest in {*pair, *(known for known, name in self._name.items() if name in together)}:
                self._name[digest] = min(together)

    @classmethod
    def of(cls, connection: Connection) -> "Codes":
        """The groups made by all adoptions in the store."""
        return cls([(old, new) for old, new in connection.execute(select(AdoptionRow.old, AdoptionRow.new))])

    def name(self, digest: str) -> str:
        """One digest that represents all digests of its group."""
        return self._name.get(digest, digest)

    def same(self, one: str, other: str) -> bool:
        """Whether two digests are equal or were shown to compute the same."""
        return self.name(one) == self.name(other)

    def alike(self, digest: str) -> list[str]:
        """All digests of the group of this one, itself included."""
        return sorted({digest, *(other for other in self._name if self.same(other, digest))})

    def column(self, digest: Digest) -> Digest:
        """`name` as an SQL expression."""
        return case(self._name, value=digest, else_=digest) if self._name else digest


def add(connection: Connection, adoptions: Sequence[Adoption]) -> None:
    """Store adoptions; those already stored are left unchanged."""
    moment = now(connection)
    rows = [
        {
            "old": adoption.old,
            "new": adoption.new,
            "old_commit": adoption.commit,
            "evidence": dict(adoption.evidence),
            "made": moment,
        }
        for adoption in adoptions
    ]
    insert_new(connection, AdoptionRow, rows)


def known(connection: Connection) -> list[Adoption]:
    """Every adoption, oldest first."""
    columns = (AdoptionRow.old, AdoptionRow.new, AdoptionRow.old_commit, AdoptionRow.evidence)
    rows = connection.execute(select(*columns).order_by(AdoptionRow.made, AdoptionRow.old))
    return [Adoption(*row) for row in rows]


def trained(connection: Connection) -> list[Trained]:
    """Every job with a finished run, once for each digest of code that finished one."""
    query = (
        select(JobRow.id, RunRow.code_digest)
        .join(RunRow, RunRow.job_id == JobRow.id)
        .where(RunRow.status == "finished")
        .distinct()
    ).subquery()
    jobs = select(JobRow.config, query.c.code_digest).join(query, query.c.id == JobRow.id)
    rows = connection.execute(jobs.order_by(query.c.code_digest, JobRow.id))
    return [Trained(Job.from_config(config), code) for config, code in rows]


def concerning(codes: Codes, digests: Sequence[str]) -> ColumnElement[bool]:
    """SQL condition: the adoptions that involve one of these digests, directly or through their group."""
    alike = sorted({other for digest in digests for other in codes.alike(digest)})
    return or_(AdoptionRow.old.in_(alike), AdoptionRow.new.in_(alike))
