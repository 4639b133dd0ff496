"""What every test gets: one torch thread, no network, and folders of its own instead of the user's."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path

import pytest
import torch

from regbench import roots
from regbench.roots import Added, OwnTable
from tests.made.jobs import JobMaker, make_job

NUMBERS = count()

torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # tests run in the background; children would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: looking through it for garbage, again and again, would take a tenth of all time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """A training in this process turns them off for all that follows; other tests want numbers as they are."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's caches and settings are neither read nor written.

    REGBENCH_DATA stays, for tests of the real data, and REGBENCH_NATIVE. Compiled functions and the script of charts
    are kept, or every process of every test would make them.
    """
    staying = {"REGBENCH_DATA", "REGBENCH_NATIVE"}
    for name in [each for each in os.environ if each.startswith("REGBENCH_") and each not in staying]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # or every process compiles all of regbench again
    base = tmp_path_factory.getbasetemp()
    place, compiled, charts = base / f"own{next(NUMBERS)}", base / "compiled", base / "charts"
    for folder in (compiled, charts, place, place / "cache", place / "home"):
        folder.mkdir(exist_ok=True)
    (place / "cache" / "native").symlink_to(compiled)
    (place / "cache" / "charts").symlink_to(charts)
    monkeypatch.setenv("REGBENCH_CACHE", str(place / "cache"))
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")


@pytest.fixture
def generated_tables(own_folders: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tables are kept from test to test, and no others than generated ones may be: to make them all takes seconds."""
    kept = tmp_path_factory.getbasetemp() / "tables"
    kept.mkdir(exist_ok=True)
    (Path(os.environ["REGBENCH_CACHE"]) / "tables").symlink_to(kept)


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def own_catalog() -> Iterator[None]:
    """What a test adds to the catalog is gone after it."""
    yield
    if roots.added() != Added():
        roots.use(Added())


@pytest.fixture
def house(tmp_path: Path) -> str:
    """A small table of the user's own, in the catalog under this name: 100 rows, two inputs."""
    path = tmp_path / "house.csv"
    rows = "\n".join(f"{number % 7},{number * number % 11},{number % 5 + number / 100}" for number in range(100))
    path.write_text(f"rooms,age,price\n{rows}\n", encoding="utf-8")
    roots.add(tables=[OwnTable(path.name, str(path), ("price",))])
    return path.name


@pytest.fixture
def job() -> JobMaker:
    """Makes small jobs: `job(method="lsq", k=5, seed=0, learning_rate=1e-2)`."""
    return make_job
