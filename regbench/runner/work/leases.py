"""Leases on jobs: renewed while a worker lives, released when their owner is dead."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from regbench.errors import InfrastructureError
from regbench.store import Claim, Store
from regbench.store.owners import is_dead

LEASE_S = 120.0


@contextmanager
def held(store: Store, claims: Sequence[Claim], lease_s: float) -> Iterator[None]:
    """Renew the leases in a thread, because an epoch or the work before it may take longer than a lease."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease_s / 4):
            with suppress(
                InfrastructureError
            ):  # the database may be locked for a while; if it is lost, the next write fails
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
