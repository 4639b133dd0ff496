"""Code that was shown to compute the same: two digests, and what was trained with both to show it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from regbench.job import Job
from regbench.store.models import AdoptionRow, JobRow, RunRow
from regbench.store.sql import insert_new, now
from regbench.store.values import Adoption, Trained

Digest = ColumnElement[str] | InstrumentedAttribute[str]


class Codes:
    """Code digests, of which some stand for the same numbers."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._name: dict[str, str] = {}
        for pair in pairs:
            together = {self.name(digest) for digest in pair}
            for digest in {*pair, *(each for each, name in self._name.items() if name in together)}:
                self._name[digest] = min(together)

    @classmethod
    def of(cls, connection: Connection) -> "Codes":
        """What the store knows."""
        return cls([(old, new) for old, new in connection.execute(select(AdoptionRow.old, AdoptionRow.new))])

    def name(self, digest: str) -> str:
        """One digest for all that compute the same."""
        return self._name.get(digest, digest)

    def same(self, one: str, other: str) -> bool:
        """Whether two digests compute the same, as far as was shown."""
        return self.name(one) == self.name(other)

    def alike(self, digest: str) -> list[str]:
        """All digests that compute the same as this one, itself included."""
        return sorted({digest, *(each for each in self._name if self.same(each, digest))})

    def column(self, digest: Digest) -> Digest:
        """`name` in SQL."""
        return case(self._name, value=digest, else_=digest) if self._name else digest


def add(connection: Connection, adoptions: Sequence[Adoption]) -> None:
    """Remember adoptions; one that is there stays as it is."""
    moment = now(connection)
    rows = [
        {"old": each.old, "new": each.new, "old_commit": each.commit, "evidence": dict(each.evidence), "made": moment}
        for each in adoptions
    ]
    insert_new(connection, AdoptionRow, rows)


def known(connection: Connection) -> list[Adoption]:
    """Every adoption, the first made first."""
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
    """The adoptions that say something of these digests."""
    alike = sorted({other for digest in digests for other in codes.alike(digest)})
    return or_(AdoptionRow.old.in_(alike), AdoptionRow.new.in_(alike))
