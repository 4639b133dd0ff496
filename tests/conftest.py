"""What every test gets: one torch thread, no network, and folders of its own instead of the user's."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.made.jobs import JobMaker, make_job

torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # tests run in the background; children would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """A training in this process turns them off for all that follows; other tests want numbers as they are."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's caches and settings are neither read nor written; REGBENCH_DATA stays, for tests of the real data."""
    for name in [each for each in os.environ if each.startswith("REGBENCH_") and each != "REGBENCH_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # or every process compiles all of regbench again
    monkeypatch.setenv("REGBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def job() -> JobMaker:
    """Makes small jobs: `job(method="lsq", k=5, seed=0, learning_rate=1e-2)`."""
    return make_job
