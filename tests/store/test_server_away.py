"""A PostgreSQL server that goes away for a while holds a run up and does not end it."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from regbench.errors import PassingError
from regbench.store import EpochRows, Patience, Store
from tests.store.conftest import job, labelled, postgresql_server, take

AWAY_S = 2.0


@pytest.fixture
def server() -> Iterator[tuple[str, Path]]:
    """The address and the folder of a server of its own, which may be stopped."""
    with TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as place:
        yield from ((address, Path(place)) for address in postgresql_server(Path(place)))


@contextmanager
def away(place: Path) -> Iterator[threading.Timer]:
    """Stop the server; the timer starts it again."""
    process = psutil.Process(int((place / "data" / "postmaster.pid").read_text().split()[0]))
    command, user = process.cmdline(), process.username()
    process.send_signal(signal.SIGINT)  # it ends all connections
    process.wait(30)
    again: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        as_user = {} if psutil.Process().username() == user else {"user": user, "group": user}
        again.append(subprocess.Popen(command, cwd=place, stderr=subprocess.DEVNULL, **as_user))  # type: ignore[call-overload]

    timer = threading.Timer(AWAY_S, start)
    try:
        yield timer
    finally:
        timer.join()
        for each in again:
            each.send_signal(signal.SIGQUIT)
            each.wait()


@pytest.mark.slow
def test_a_write_waits_until_the_server_is_back_and_says_so_once(server: tuple[str, Path]):
    address, place = server
    said: list[str] = []
    with Store.open(address) as store:
        store.add_benchmark("small", {}, labelled(job()))
        claims = take(store, job())
        with away(place) as timer:
            with pytest.raises(PassingError, match="the server says"):
                store.renew(claims, lease_s=60)
            store.patience = Patience(60, say=said.append)
            timer.start()
            assert store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.5})], claims=claims) == set()
            assert store.trained({job().key: "c0"}) == {job().key: 1}
            store.close()
    assert len(said) == 1
