"""The password of a database's address is printed, stored and published nowhere."""

import contextlib
import json
import os
import shutil
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
from regbench.cli.output import bug, emit_json
from regbench.doctor import database
from regbench.store import Finished, Store, engine, export, import_, secrets
from regbench.store.upgrade import alembic_config
from tests.store.conftest import job, labelled, take

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
    "slash in the user": f"postgresql://m/e:{WORD}@{NOBODY}",
    "at and slash": f"postgresql://me:a@b/{WORD}@{NOBODY}",
    "at and question mark": f"postgresql://me:a@b?{WORD}@{NOBODY}",
    "at and option": f"postgresql://me:a@b?x={WORD}@{NOBODY}",
    "blank": f"postgresql://me:a {WORD}@host:port/results",
    "no host": f"postgresql://me:{WORD}/results",
    "wrong option": f"postgresql://me:{WORD}@{NOBODY}0s",
}
MISWRITTEN = {
    "one slash": f"postgresql:/me:{WORD}@host/results",
    "no slash": f"postgresql:me:{WORD}@host",
    "driver and one slash": f"postgresql+psycopg:/me:{WORD}@host/results",
    "no scheme": f"me:{WORD}@host/results",
    "words": f"host=h password={WORD} dbname=d",
    "quoted words": f"password = 'a {WORD}' host = h",
}
MISPLACED = [
    *(["run", "{}"], ["status", "{}"], ["report", "{}"], ["verify", "{}"], ["list", "{}"], ["{}"], ["plan", "{}"]),
    *(["compare", "{}", "b"], ["data", "fetch", "{}"], ["data", "import", "{}", "x"], ["data", "verify", "{}"]),
    *(["db", "export", "{}"], ["db", "import", "{}"], ["db", "adopt", "--from", "{}"]),
    *(["run", "smoke", "--" + name, "{}"] for name in ("method", "dataset", "k", "seed", "set", "devices", "shard")),
    *(["run", "smoke", "--" + name, "{}"] for name in ("budget", "workers", "epochs", "file", "nosuch", "plugins")),
    *(["report", "--" + name, "{}"] for name in ("from", "metric", "k", "format", "units", "benchmark", "out")),
    *(["compare", "lsq", "end2end", "--" + name, "{}"] for name in ("from", "rope", "level", "benchmark")),
    *(["verify", "bridges", "--from", "{}"], ["doctor", "--file", "{}"], ["run", "smoke", "--set", "db={}"]),
    ["run", "smoke", "--data", "{}", "--target", "y"],
]
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


def files(folder: Path) -> str:
    """The names and the contents of all files."""
    return str([(file.name, file.is_file() and file.read_bytes()) for file in folder.rglob("*")])


@pytest.mark.parametrize("command", [["status"], ["run", "smoke"], ["doctor"], ["db", "import", "."]], ids=" ".join)
@pytest.mark.parametrize("address", MISWRITTEN.values(), ids=list(MISWRITTEN))
def test_what_is_meant_as_an_address_is_refused_with_the_form_of_one(
    address: str, command: list[str], in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--db", address]) == 2
    *said, line = capsys.readouterr().err.splitlines()
    assert set(said) <= {"regbench: checking this machine", "regbench: planning"}
    assert line.endswith(": write the address of a server as postgresql://user:password@host/database")
    assert WORD not in line
    assert files(in_tmp) == "[]"


@pytest.mark.parametrize("name", ["12:30@home.db", "./me:x@y.db", "a=b.db"])
def test_a_file_whose_name_is_like_an_address_can_be_used(name: str, in_tmp: Path) -> None:
    Store.open(Path(name)).close()
    with Store.open(name, read_only=True) as store:
        assert store.last_benchmark() is None


@pytest.mark.parametrize("command", MISPLACED, ids=" ".join)
def test_an_address_in_a_wrong_place_is_told_and_kept_without_its_password(
    command: list[str], in_tmp: Path, generated_tables: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(ADDRESSES["plain"]) for word in command]) in {2, 6, 7}
    printed = "".join(capsys.readouterr())
    assert printed
    assert WORD not in printed
    assert WORD not in files(in_tmp)


def test_the_traceback_of_a_bug_has_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError(ADDRESSES["plain"])
    except KeyError as error:
        bug(KeyError, error, error.__traceback__)
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "postgresql://me:***@127.0.0.1" in said
    assert WORD not in said


def test_json_has_no_password_and_is_the_same_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json("test", {"at": ADDRESSES["plain"], "words": [MISWRITTEN["words"]], 'a "b"': 'c:"d@e'})
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["at"] == f"postgresql://me:***@{NOBODY}"
    assert data["words"] == ["host=h password=*** dbname=d"]
    assert WORD not in str(data)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://host/d?connect_timeout=abc", "option 'connect_timeout' must be a whole number"),
        ("postgresql://host/d?keepalives=yes", "option 'keepalives' must be a whole number"),
        ("sqlite:///x.db?nosuch=1", "the address of an SQLite file takes no options"),
        ("sqlite:///x.db?mode=ro", "the address of an SQLite file takes no options"),
        (f"postgresql://m/e:{WORD}@host/d", "write %40 for an @, %2F for a / and %3F for a ?"),
    ],
)
def test_a_wrong_part_of_an_address_is_refused_in_one_line(
    address: str, said: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "smoke", "--devices", "cpu", "--db", address]) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("regbench: database ")
    assert said in line
    assert files(in_tmp) == "[]"


def test_a_percent_sign_keeps_a_password_whole() -> None:
    located = engine.locate(f"postgresql://m%2Fe:a%40{WORD}%2F%3F@host/d%40e?user=me@there")
    assert (located.username, located.password, located.database) == ("m/e", f"a@{WORD}/?", "d@e")
    assert WORD not in secrets.public(located)


def test_the_message_of_a_failed_run_is_stored_without_a_password(tmp_path: Path) -> None:
    with Store.open(tmp_path / "new.db") as store:
        store.add_benchmark("small", {}, labelled(job()))
        store.fail(take(store, job()), failure_class="user code", error=f"no {ADDRESSES['plain']}")
    assert WORD not in files(tmp_path)


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
    assert WORD not in files(tmp_path)


def test_the_copies_of_older_databases_lose_their_passwords_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    with Store.open(path) as store:
        store_as_before(store, monkeypatch, WORD, 0)
        with store.writing() as connection:
            command.downgrade(alembic_config(connection), "0005")
    shutil.copy(path, tmp_path / "old.db.0004.bak")  # of an earlier upgrade
    Store.open(path).close()
    copies = sorted(tmp_path.glob("*.bak"))
    assert [copy.name for copy in copies] == ["old.db.0004.bak", "old.db.0005.bak"]
    assert WORD not in files(tmp_path)
    with Store.open(copies[1]) as store:  # the copy is whole: it can be used, and upgraded
        assert len(store.trained_by()) == 1


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
