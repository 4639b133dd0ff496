"""The compiled library is made where a compiler is, kept whole, and never required."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from regbench import native
from regbench.backbones.mlp import gate
from regbench.native.build import COMPILERS, NoLibraryError, load

TRIES = """
import torch
from regbench import native
from regbench.backbones.mlp import gate
print(repr(native.why_not(gate)), native.fused(gate, torch.float32) is gate)
"""


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests that need one are skipped where there is none."""
    monkeypatch.delenv("REGBENCH_NATIVE", raising=False)
    if why := native.why_not(gate):
        pytest.skip(why)


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process that has not asked for a compiled function yet."""
    monkeypatch.delenv("REGBENCH_NATIVE", raising=False)
    for known in (native._loaded, native._unequal):
        known.cache_clear()
    yield
    for known in (native._loaded, native._unequal):
        known.cache_clear()


def program(folder: Path, name: str, script: str) -> Path:
    """A folder with a program in the language of the shell."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def start(cache: Path) -> subprocess.Popen[str]:
    """A process that asks for a compiled function."""
    given = {**os.environ, "REGBENCH_CACHE": str(cache)}
    return subprocess.Popen([sys.executable, "-c", TRIES], env=given, stdout=subprocess.PIPE, text=True)


def libraries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_is_compiled_where_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGBENCH_NATIVE", "0")
    assert native.why_not(gate) == "REGBENCH_NATIVE is 0"
    assert native.fused(gate, torch.float32) is gate


def test_without_a_compiler_python_does_it(tmp_path: Path, untried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert native.why_not(gate) == f"no C compiler ({', '.join(COMPILERS)}) is on the PATH"
    assert native.fused(gate, torch.float32) is gate


def test_a_function_that_gives_other_numbers_is_not_used(compiler: None) -> None:
    def gate(dz: torch.Tensor, h: torch.Tensor, scale: float) -> None:
        dz.mul_(scale).mul_(h >= 0)

    assert native.why_not(gate) == "the compiled gate gives other numbers on this machine"
    assert native.fused(gate, torch.float32) is gate


def test_a_compiler_that_fails_is_told_with_its_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin", "gcc", "echo no licence >&2; echo more >&2; exit 3")))
    with pytest.raises(NoLibraryError, match="gcc fails: no licence"):
        load(tmp_path / "cache")
    assert libraries(tmp_path / "cache") == []


def test_a_compiler_that_makes_no_library_is_no_error_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin", "cc", 'for last; do :; done; echo text > "$last"')))
    with pytest.raises(NoLibraryError, match="cannot be kept or loaded"):
        load(tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_no_error_of_a_run(compiler: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoLibraryError, match="cannot be kept or loaded"):
        load(tmp_path / "file")


def test_a_folder_that_others_can_write_to_is_not_trusted(compiler: None, tmp_path: Path) -> None:
    own = tmp_path / str(os.getuid())
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(NoLibraryError, match="others can write"):
        load(tmp_path)


@pytest.mark.parametrize("kept", [0, 1, 40, 5000])
def test_a_broken_library_in_the_cache_is_replaced(compiler: None, tmp_path: Path, kept: int) -> None:
    load(tmp_path)
    (path,) = libraries(tmp_path)
    whole = path.read_bytes()
    path.unlink()  # this process still has the whole one
    path.write_bytes(whole[:kept])
    assert load(tmp_path).gate
    assert libraries(tmp_path) == [path]
    assert len(path.read_bytes()) == len(whole)


def test_it_is_compiled_once(compiler: None, tmp_path: Path) -> None:
    load(tmp_path)
    (path,) = libraries(tmp_path)
    made = path.stat()
    load(tmp_path)
    assert path.stat() == made


def test_several_may_compile_at_once(compiler: None, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert all(library.gate for library in threads.map(load, [tmp_path] * 4))
    assert [path.suffix for path in libraries(tmp_path)] == [".so"]


@pytest.mark.slow
def test_two_processes_may_compile_at_once(compiler: None, tmp_path: Path) -> None:
    with start(tmp_path) as one, start(tmp_path) as other:
        assert [process.communicate()[0].strip() for process in (one, other)] == ["'' False"] * 2
    assert [path.suffix for path in libraries(tmp_path)] == [".so"]
