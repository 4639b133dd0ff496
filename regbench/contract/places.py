"""Where in a user's file something happened."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode


def line_of(function: Callable[..., Any] | None, path: Path) -> int | None:
    """The first line of a function, if it stands in that file."""
    while inner := getattr(function, "__wrapped__", None) or getattr(function, "func", None):
        function = inner
    code = getattr(function, "__code__", None) or getattr(getattr(function, "forward", None), "__code__", None)
    return code.co_firstlineno if code and _is(code.co_filename, path) else None


def line_in(trace: TracebackType | None, path: Path) -> int | None:
    """The innermost line of the file in a traceback."""
    found = None
    while trace is not None:
        if _is(trace.tb_frame.f_code.co_filename, path):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def text_of(path: Path, line: int | None) -> str:
    """The line of a file, without its indentation; empty without one."""
    if line is None:
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _is(file: str, path: Path) -> bool:
    return file == str(path) or (Path(file).name == path.name and Path(file).resolve() == path.resolve())


def line_here(path: Path) -> int | None:
    """The innermost line of the file that is being executed now."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if _is(frame.f_code.co_filename, path):
            return frame.f_lineno
        frame = frame.f_back
    return None


def draws_globally(run: Callable[[], Any], path: Path) -> tuple[str, int | None] | None:
    """Which global generator of random numbers a call uses, and in which line of the file; None if it uses none."""
    before, line = _states(), None
    seen: list[int | None] = [None]

    def follow(frame: FrameType, _event: str, _: Any) -> Any:
        if not _is(frame.f_code.co_filename, path):
            return None
        return lines

    def lines(frame: FrameType, _event: str, _: Any) -> Any:
        nonlocal line
        if line is None and _states() != before:
            line = seen[0]
        seen[0] = frame.f_lineno
        return lines

    previous = sys.gettrace()
    sys.settrace(follow)
    try:
        run()
    finally:
        sys.settrace(previous)
    after = _states()
    used = [name for name in before if before[name] != after[name]]
    return (used[0], line if line is not None else seen[0]) if used else None


def _states() -> dict[str, Any]:
    import random

    kind, keys, *rest = np.random.get_state()
    return {
        "torch's": torch.get_rng_state().numpy().tobytes(),
        "NumPy's": (kind, np.asarray(keys).tobytes(), *rest),
        "Python's": random.getstate(),
    }


class Stopped(TorchFunctionMode):
    """Notes the lines of a file that cut a tensor off from its gradient on purpose: `detach`, `no_grad`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.lines = path, []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.Tensor.detach, torch.Tensor.detach_) and (line := line_here(self.path)):
            self.lines.append(line)
        return func(*args, **(kwargs or {}))


@contextmanager
def stopped(path: Path) -> Iterator[list[int]]:
    """The lines of the file in which tensors are detached, inside the block."""
    mode = Stopped(path)
    with mode:
        yield mode.lines
