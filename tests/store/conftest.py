"""Stores for tests: a new SQLite file, and a real PostgreSQL server if it is installed."""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from regbench.job import Job, Protocol
from regbench.store import Claim, EpochRows, Finished, Store

PROTOCOL = Protocol(batch_size=256, weight_decay=1e-4, dropout=0.3, epochs=3)
NUMBERS = count()


def job(*, seed: int = 0, method: str = "lsq", dataset: str = "diamonds", **changes: Any) -> Job:
    """A job for a dataset that is never loaded."""
    fixed = {"dataset": dataset, "digest": f"sha256:{dataset}", "method": method, "seed": seed, "protocol": PROTOCOL}
    return Job(**{**fixed, **changes})


def labelled(*jobs: Job) -> list[tuple[Job, str]]:
    """Jobs as members for `add_benchmark`, labelled with the name of their method."""
    return [(each, each.method) for each in jobs]


def take(store: Store, *jobs: Job, owner: str = "worker", lease_s: float = 60, code: str = "c0") -> list[Claim]:
    """Claim jobs as a worker does; a negative lease has run out already."""
    wanted = {each.key: code for each in jobs}
    environment = {"python": "3.11", "torch": "2.13"}
    return store.claim(wanted, owner=owner, lease_s=lease_s, environment=environment, device="cpu")


def train(store: Store, *jobs: Job, code: str = "c0", curve: Sequence[float] = (0.3, 0.1, 0.2)) -> list[int]:
    """Claim jobs and finish them with this validation curve; return their runs."""
    claims = take(store, *jobs, code=code)
    rows = [
        EpochRows(
            each.run_id, epoch, {"val/rmse": value, "val/mae": value / 2, "test/rmse": 2 * value, "test/mae": value}
        )
        for each in claims
        for epoch, value in enumerate(curve, start=1)
    ]
    store.write(rows, claims=claims)
    store.finish([Finished(run_id=each.run_id, seconds=1.5, epochs=len(curve)) for each in claims], claims=claims)
    return [each.run_id for each in claims]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that does not exist yet (SQLite) or is empty (PostgreSQL)."""
    if request.param == "sqlite":
        return str(tmp_path / "results" / "regbench.db")
    return request.getfixturevalue("new_postgresql_database")


@pytest.fixture
def store(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store without results; of SQLite a copy, because to make its tables takes longer than most tests."""
    if "://" not in url:
        kept = tmp_path_factory.getbasetemp() / "empty.db"
        if not kept.exists():
            Store.open(url).close()
            shutil.copy(url, kept)
        Path(url).parent.mkdir(exist_ok=True)
        shutil.copy(kept, url)
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def new_postgresql_database(postgresql: str) -> str:
    name = f"regbench_{next(NUMBERS)}"
    server = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    return make_url(postgresql).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server in a temporary folder; skips the test if it is not installed."""
    with TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as place:
        yield from postgresql_server(Path(place))


def postgresql_server(place: Path) -> Iterator[str]:
    """Start a server in a folder and yield its address; skips the test if it is not installed."""
    folder = _postgresql_programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed: no initdb in PATH or /usr/lib/postgresql")
    as_user: dict[str, str] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        as_user = {"user": "postgres", "group": "postgres"}
        shutil.chown(place, **as_user)
    yield from _server(folder, place, as_user)


def _server(programs: Path, place: Path, as_user: dict[str, str]) -> Iterator[str]:
    data = place / "data"
    port = _free_port()
    role = as_user.get("user", getpass.getuser())
    options = {"cwd": place, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **as_user}
    made = subprocess.run([programs / "initdb", "-A", "trust", "--no-sync", "-D", data], check=False, **options)  # type: ignore[call-overload]
    if made.returncode:
        pytest.skip(f"initdb failed: {made.stderr.decode().strip()[-300:]}")
    settings = ["-h", "127.0.0.1", "-p", str(port), "-k", str(place), "-F"]
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *settings], **{**options, "stderr": subprocess.DEVNULL}
    )  # type: ignore[call-overload]
    try:
        ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
        for _ in range(300):
            if subprocess.run(ready, check=False, capture_output=True).returncode == 0:
                break
            assert server.poll() is None, "the PostgreSQL server ended at once"
        yield f"postgresql+psycopg://{role}@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGQUIT)  # at once, for nothing in it is to be kept
        server.wait()


def _postgresql_programs() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
