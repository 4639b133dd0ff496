"""The password of a database's address is printed, stored and published nowhere."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from alembic import command
from sqlalchemy import make_url

from regbench import provenance
from regbench.cli.main import main
from regbench.doctor import database
from regbench.store import Finished, Store, engine, export, import_, secrets
from regbench.store.upgrade import alembic_config
from tests.store.conftest import job, labelled

WORD = "hunter2"
NOBODY = "127.0.0.1:1/results?connect_timeout=1"
ADDRESSES = {
    "plain": f"postgresql://me:{WORD}@{NOBODY}",
    "slash": f"postgresql://me:a/{WORD}@{NOBODY}",
    "at": f"postgresql://me:a@{WORD}@{NOBODY}",
    "option": f"postgresql://me@{NOBODY}&password={WORD}",
    "escaped option": f"postgresql://me@{NOBODY}&p%61ssword={WORD}",
    "no port": f"postgresql://me:{WORD}@host:port/results",
    "unknown option": f"postgresql://me:{WORD}@{NOBODY}&nosuch=1",
    "other server": f"mysql://me:{WORD}@host/results",
}
COMMANDS = [
    ["status"],
    ["report"],
    ["compare", "lsq", "soft_binning"],
    ["run", "smoke"],
    ["plan", "smoke"],
    ["verify", "bridges"],
    ["db", "export", "out"],
    ["db", "import", "."],
]


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=list(ADDRESSES))
def test_a_message_about_an_address_is_one_line_without_the_password(
    address: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--db", address]) in {2, 7}
    printed = "".join(capsys.readouterr())
    assert WORD not in printed
    assert len(printed.splitlines()) == 1
    finding = database(address)
    assert WORD not in f"{finding.found}{finding.remedy}"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_the_password(command: list[str], in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--db", ADDRESSES["slash"]]) == 7
    printed = "".join(capsys.readouterr())
    assert "127.0.0.1" in printed
    assert WORD not in printed


def test_the_recorded_command_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["run", "--db", ADDRESSES["slash"], f"--db={ADDRESSES['option']}"]
    monkeypatch.setattr("sys.argv", ["/usr/bin/regbench", *words])
    provenance.environment.cache_clear()
    recorded = provenance.environment()["arguments"]
    provenance.environment.cache_clear()
    assert WORD not in str(recorded)
    assert "***" in recorded[2]
    assert "***" in recorded[3]


def test_a_process_that_is_started_gets_the_password_in_its_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    for address in (ADDRESSES["plain"], ADDRESSES["option"]):
        whole = secrets.known(engine.locate(address))
        public = secrets.public(whole)
        assert WORD not in public
        assert "***" not in public
        assert secrets.known(engine.locate(public)) == whole  # as a worker does
    assert WORD in str(os.environ)


def store_as_before(store: Store, monkeypatch: pytest.MonkeyPatch, password: str, seed: int) -> None:
    """Store a run with the whole command in its environment, as earlier versions did."""
    words = {"python": "3.11", "arguments": ["run", "--db", f"postgresql://me:{password}@host/d"]}
    with monkeypatch.context() as earlier:
        earlier.setattr("regbench.store.environments.without_password", lambda word: word)
        one = job(seed=seed)
        store.add_benchmark("small", {}, labelled(job(), job(seed=1)))
        claims = store.claim({one.key: "c"}, owner="me", lease_s=60, environment=words, device="cpu")
        store.finish([Finished(run_id=claims[0].run_id, seconds=1.0, epochs=0)], claims=claims)


def test_a_stored_password_is_removed_when_an_older_database_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    with Store.open(path) as store:
        store_as_before(store, monkeypatch, f"{WORD}", 0)
        store_as_before(store, monkeypatch, f"{WORD}/2", 1)
        with store.writing() as connection:
            command.downgrade(alembic_config(connection), "0005")
    assert WORD.encode() in path.read_bytes()
    with Store.open(path) as store, store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT config FROM environment").scalars().all()
        runs = connection.exec_driver_sql("SELECT count(*), count(DISTINCT environment_id) FROM run").one()
    assert len(kept) == 1
    assert "***" in kept[0]
    assert tuple(runs) == (2, 1)
    assert WORD.encode() not in path.read_bytes()


def test_a_password_in_an_older_export_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path / "old.db") as store:
        store_as_before(store, monkeypatch, WORD, 0)
        export(store, tmp_path / "old")
    with Store.open(tmp_path / "new.db") as store:
        import_(store, tmp_path / "old")
        import_(store, tmp_path / "old")
        export(store, tmp_path / "new")
    config = pd.read_parquet(tmp_path / "new" / "environments.parquet")["config"]
    assert len(config) == 1
    assert "***" in config[0]
    assert not [file for file in (tmp_path / "new").iterdir() if WORD.encode() in file.read_bytes()]
    assert len(pd.read_parquet(tmp_path / "new" / "runs.parquet")) == 1


@pytest.mark.slow
def test_a_run_on_a_server_shows_and_stores_no_password(new_postgresql_database: str, in_tmp: Path) -> None:
    rows = [f"{row / 7},{row % 5},{row * 2}" for row in range(60)]
    Path("table.csv").write_text("\n".join(["a,b,y", *rows]))
    address = make_url(new_postgresql_database).set(password=WORD).render_as_string(hide_password=False)
    words = ["run", "smoke", "--data", "table.csv", "--target", "y", "--method", "lsq", "--seed", "0"]
    words += ["--epochs", "2", "--devices", "cpu", "--workers", "1"]
    run = [sys.executable, "-m", "regbench"]
    process = subprocess.Popen(
        [*run, *words, "--db", address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    seen: set[str] = set()
    own = "\0".join([*run, *words, "--db", address, ""])  # what the user typed, also between fork and exec
    while process.poll() is None:
        seen |= processes() - {own}
        time.sleep(0.02)
    printed = process.communicate()[0]
    assert process.returncode == 0, printed
    assert any("loky" in line for line in seen)
    assert not [line for line in seen if WORD in line]
    others = [["doctor"], ["status"], ["report"], ["db", "export", "out"]]
    for other in others:
        found = subprocess.run([*run, *other, "--db", address], capture_output=True, text=True, check=False)
        printed += found.stdout + found.stderr
    assert " report --normalize lsq" in printed
    assert WORD not in printed
    tables = {file.name: str(pd.read_parquet(file).to_dict()) for file in Path("out").glob("*.parquet")}
    assert "***" in tables["environments.parquet"]
    assert WORD not in str(tables)
    assert not [file for file in in_tmp.rglob("*") if file.is_file() and WORD.encode() in file.read_bytes()]


def processes() -> set[str]:
    """The command lines of all processes."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            found.add((folder / "cmdline").read_text(errors="replace"))
    return found
