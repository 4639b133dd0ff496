"""The compiled library of `kernels.c`: made by the user's C compiler once per machine, kept in the cache folder.

A library from the cache is code that is run, so it is taken only from a folder that nobody else can write to. Its file
ends with a checksum of the rest, because the system's loader would crash on half a file.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("kernels.c")
COMPILERS = ("cc", "gcc", "clang")
# Nothing that changes numbers: no fast-math, and no product is fused with a sum. What traps is only a flag of the
# processor that nobody reads; without this option a conditional product is not vectorised.
OPTIONS = ("-O3", "-std=c99", "-shared", "-fPIC", "-ffp-contract=off", "-fno-trapping-math")
CLONES = '-DCLONES="default","arch=x86-64-v3","arch=x86-64-v4"'
PATIENCE_S = 30.0  # compiling takes less than a second
CHECKSUM = hashlib.sha256


class NoLibraryError(Exception):
    """There is no compiled library; the message says why."""


def load(folder: Path) -> ctypes.CDLL:
    """The library, from `folder` if a whole one is there; else it is compiled into it.

    Raises:
        NoLibraryError: it cannot be made, kept or loaded.
    """
    compiler = _compiler()
    try:
        own = _own(folder)
        path = own / f"{_key(compiler)}.so"
        if not _is_whole(path):
            _compile(compiler, path)
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NoLibraryError(f"the library cannot be kept or loaded: {error}") from None


def _compiler() -> Path:
    if sys.platform == "win32":
        raise NoLibraryError("it is not made for Windows")
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    if found is None:
        raise NoLibraryError(f"no C compiler ({', '.join(COMPILERS)}) is on the PATH")
    return Path(found)  # not what a link leads to: it may be a wrapper that acts by its name


def _own(folder: Path) -> Path:
    """The user's part of a folder that others may use too."""
    own = folder / str(os.getuid())
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = own.stat()
    if state.st_uid != os.getuid() or state.st_mode & 0o022:
        raise NoLibraryError(f"others can write to {own}")
    return own


def _key(compiler: Path) -> str:
    """What the library depends on, as a name: the source, the options, the compiler and the kind of machine."""
    version = compiler.stat()  # to ask it would take longer than all the rest
    parts = [SOURCE.read_text(encoding="utf-8"), OPTIONS, CLONES, compiler, version.st_size, version.st_mtime_ns]
    return hashlib.sha256(repr([*parts, sys.platform, platform.machine()]).encode()).hexdigest()[:16]


def _is_whole(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    size = CHECKSUM().digest_size
    return CHECKSUM(content[:-size]).digest() == content[-size:]


def _compile(compiler: Path, path: Path) -> None:
    """Compile beside the file and rename, so that of several processes each finds a whole one or none."""
    with tempfile.TemporaryDirectory(dir=path.parent) as made:
        library = Path(made) / path.name
        cloned = platform.machine() == "x86_64" and not _error(compiler, library, CLONES)  # not every compiler can
        if not cloned and (why := _error(compiler, library)):
            raise NoLibraryError(f"{compiler} fails: {why}")
        content = library.read_bytes()
        library.write_bytes(content + CHECKSUM(content).digest())
        library.replace(path)


def _error(compiler: Path, library: Path, *more: str) -> str:
    """Why the compiler fails, in a line; empty if it does not."""
    command = [compiler, *OPTIONS, *more, SOURCE, "-o", library]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return next(iter(done.stderr.splitlines()), f"exit {done.returncode}") if done.returncode else ""
