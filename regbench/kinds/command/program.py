"""A program in a session of its own: started without a shell, its output bounded, ended together with its children."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.errors import UsageError

if TYPE_CHECKING:
    import psutil

KEPT = 64 * 1024  # bytes of output: its end
BLOCK = 1 << 16
LAST_LINES = 20
WIDEST = 500  # characters of a line of output
TERM_S = 5.0  # between SIGTERM and SIGKILL
LOOK_S = 0.02
SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none
HAS_GROUPS = hasattr(os, "killpg")
# Ends the program's group once the pipe closes: when this process dies, whatever kills it.
GUARD = 'read -r _; kill -TERM "-$1" 2>/dev/null; sleep 1; kill -KILL "-$1" 2>/dev/null'


class Program:
    """A running program; `end` must be called, also after it has ended by itself."""

    def __init__(self, name: str, words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self.pid = 0
        self._output = b""
        self._guard: subprocess.Popen[Any] | None = None
        try:
            self._process = subprocess.Popen(
                words,
                cwd=folder,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            if not folder.is_dir():
                raise UsageError(f"{name}: there is no folder {folder}") from None
            raise UsageError(f"{name}: the program '{words[0]}' cannot be started: {why}") from None
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if HAS_GROUPS:
            with contextlib.suppress(OSError):
                self._guard = subprocess.Popen(
                    ["/bin/sh", "-c", GUARD, "guard", str(self.pid)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )

    @property
    def code(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def last_lines(self) -> str:
        """The end of its output."""
        lines = self._output.decode("utf-8", errors="replace").replace("\r", "\n").rstrip().splitlines()
        lines = ["".join(letter if letter.isprintable() else " " for letter in line).rstrip() for line in lines]
        return "\n".join(line[:WIDEST] for line in [line for line in lines if line][-LAST_LINES:])

    def end(self) -> None:
        """End it and its children: SIGTERM, and SIGKILL for those that are still there after some seconds."""
        family = self._family()
        try:
            if self._is_there(family):
                self._signal(signal.SIGTERM, family)
                until = time.monotonic() + TERM_S
                while time.monotonic() < until and self._is_there(family):
                    time.sleep(LOOK_S)
        finally:  # also where a second request to stop comes meanwhile
            self._signal(SIGKILL, family)
            self._dismiss_guard()
        self._process.wait()
        self._reader.join(1.0)  # somebody who left the session may still hold the pipe

    def _family(self) -> "list[psutil.Process]":
        """Its children and theirs, as far as they are known as such."""
        import psutil

        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.Error:
            return []

    def _is_there(self, family: "Sequence[psutil.Process]") -> bool:
        if self._process.poll() is None:
            return True
        if any(_lives(child) for child in family):
            return True
        if HAS_GROUPS:
            return any(_lives(process) for process in _of_group(self.pid))
        return False

    def _signal(self, number: int, family: "Sequence[psutil.Process]") -> None:
        if HAS_GROUPS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
        elif self._process.poll() is None:
            self._process.send_signal(number)
        import psutil

        for child in family:
            with contextlib.suppress(psutil.Error):
                child.send_signal(number)

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            with contextlib.suppress(OSError):
                self._guard.communicate()
            self._guard = None

    def _read(self) -> None:
        """Keep the end of its output; without a reader it would wait for one."""
        stream = self._process.stdout
        assert stream is not None
        with contextlib.suppress(OSError, ValueError), stream:
            while block := os.read(stream.fileno(), BLOCK):
                self._output = (self._output + block)[-KEPT:]


def remember(program: Program, file: Path) -> None:
    """Note which process this is, so that a later attempt can end it, should nobody else have done so."""
    import psutil

    with contextlib.suppress(psutil.Error):
        file.write_text(json.dumps([program.pid, psutil.Process(program.pid).create_time()]), encoding="utf-8")


def end_earlier(file: Path) -> None:
    """End the program of an earlier attempt whose worker was killed: two would write to one checkpoint."""
    import psutil

    try:
        pid, created = json.loads(file.read_text(encoding="utf-8"))
        earlier = psutil.Process(pid)
        if earlier.create_time() != created:  # another process has its number by now
            return
        family = [earlier, *earlier.children(recursive=True)]
    except (OSError, ValueError, psutil.Error):
        return
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(family, timeout=TERM_S)


def _of_group(group: int) -> "list[psutil.Process]":
    """The processes of a group whose leader may be gone."""
    import psutil

    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError):
            if os.getpgid(process.pid) == group:
                found.append(process)
    return found


def _lives(process: "psutil.Process") -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
