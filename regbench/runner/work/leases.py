"""Leases on jobs: kept while a worker lives, taken from owners that are dead."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from regbench.errors import InfrastructureError
from regbench.runner.work.owners import is_dead
from regbench.store import Claim, Store

LEASE_S = 120.0


@contextmanager
def held(store: Store, claims: Sequence[Claim], lease_s: float) -> Iterator[None]:
    """Keep the leases from running out, however long an epoch takes, or what comes before the first one."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease_s / 4):
            with suppress(InfrastructureError):  # a database that is locked for a while; the next write will tell
                store.renew(claims, lease_s=lease_s)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def release_the_dead(store: Store) -> None:
    """Free the jobs of owners that are known to be dead."""
    dead = {owner for owner in store.owners() if is_dead(owner)}
    if dead:
        store.release(dead)
