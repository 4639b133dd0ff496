"""Output: data to stdout, messages to stderr, colours only on a terminal."""

import json
import math
import os
import re
import shlex
import shutil
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from regbench.addresses import without_password
from regbench.errors import InfrastructureError
from regbench.visible import visible

SCHEMA = "regbench/1"
GAP = 2  # blanks between columns
NARROWEST = 12  # least width of a wrapped text column
STYLE = f"\ufdd0{os.urandom(4).hex()}"  # marks a style within a text; no name holds it, because it is drawn anew
ANSI = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def say(text: str) -> None:
    """Print a message for the user to stderr."""
    _write(text, sys.stderr)


def emit(text: str) -> None:
    """Print data to stdout."""
    _write(text, sys.stdout)


def _write(text: str, stream: TextIO) -> None:
    """Write a line and flush; a closed pipe (`| head`) is not an error, the output is just discarded.

    Messages that cannot be written are discarded too; data that cannot be written are an `InfrastructureError`.
    This is the only way to a terminal besides the progress bar, `watch` and the traceback of a bug.
    """
    try:
        stream.write(f"{styled(text)}\n")
        stream.flush()
    except OSError as error:
        discard(stream)
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            raise unwritable(error) from None


def shown(text: str) -> str:
    """The text as it may be shown: without passwords, and whatever a name holds is spelled out and not obeyed."""
    return visible(without_password(text))


def bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback of a bug; the values in its message are shown as in any other."""
    sys.stderr.write(without_password("".join(traceback.format_exception(kind, error, trace))))


def discard(stream: TextIO) -> None:
    """Discard what a stream still holds and everything that is written to it from now on."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123 - a device, not a file
        os.dup2(nothing.fileno(), stream.fileno())


def unwritable(error: OSError) -> InfrastructureError:
    """The error for a stdout that takes no more data."""
    return InfrastructureError(f"the output cannot be written: {error.strerror}; free space, or write it elsewhere")


def emit_json(command: str, data: Any, warnings: Sequence[str] = ()) -> None:
    """Print the JSON envelope of every `--json`: full precision, NaN as null."""
    envelope = {"schema": SCHEMA, "command": command, "data": plain(data), "warnings": list(warnings)}
    emit(json.dumps(envelope, ensure_ascii=False, indent=2, allow_nan=False))


def plain(data: Any) -> Any:
    """Convert data to JSON types: paths and dates as text, NaN and infinity as null; no text has a password."""
    match data:
        case float():
            return data if math.isfinite(data) else None
        case str():
            return without_password(data)
        case None | bool() | int():
            return data
        case Mapping():
            return {without_password(str(key)): plain(value) for key, value in data.items()}
        case Iterable():
            return [plain(value) for value in data]
    return plain(data.item()) if hasattr(data, "item") else without_password(str(data))


def colour(stream: TextIO) -> bool:
    """Whether to use colours on a stream: https://no-color.org, https://force-color.org, else on terminals."""
    if os.environ.get("NO_COLOR") or os.environ.get("REGBENCH_NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def animated() -> bool:
    """Whether stderr is a terminal whose lines can be redrawn."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in an ANSI style, if `style` is not empty and the stream (default stdout) uses colours."""
    return f"{STYLE}{style};{text}{STYLE};" if style and colour(stream or sys.stdout) else text


def styled(text: str) -> str:
    """The text as `shown`, with ANSI codes for the marks that `paint` set."""
    return re.sub(f"{STYLE}({'|'.join(ANSI)}|);", lambda mark: f"\033[{ANSI.get(mark[1], '0')}m", shown(text))


def width() -> int | None:
    """Width of the terminal on stdout; None if stdout is not a terminal, so that tables have any width."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def columns(rows: Iterable[Sequence[Any]], header: Sequence[str], styles: Sequence[str] = ()) -> str:
    """A table aligned with blanks: numbers to the right, text to the left and wrapped to fit the terminal.

    >>> print(columns([["lsq", 5], ["end2end", 15]], header=["method", "jobs"]))
    method   jobs
    lsq         5
    end2end    15
    """
    rows = [list(row) for row in rows]
    texts = [list(header), *([_cell(value) for value in row] for row in rows)]
    right = [
        bool(rows) and all(isinstance(row[position], int | float | None) for row in rows)
        for position in range(len(header))
    ]
    widths = _fitted([max(len(line[position]) for line in texts) for position in range(len(header))], right)
    blocks = ["\n".join(_row(line, widths, right)) for line in texts]
    painted = ["bold", *(styles or [""] * len(rows))]
    return "\n".join(paint(block, style) for block, style in zip(blocks, painted, strict=True))


def _fitted(widths: list[int], right: Sequence[bool]) -> list[int]:
    """Column widths; the widest text columns are narrowed until the table fits. The first column, a name, is not."""
    limit = width()
    words = [position for position, is_right in enumerate(right) if position and not is_right]
    while limit and words and sum(widths) + GAP * (len(widths) - 1) > limit:
        widest = max(words, key=lambda position: widths[position])
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _row(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    """The lines of one row: several if a cell is wrapped."""
    cells = [textwrap.wrap(text, size, break_on_hyphens=False) for text, size in zip(texts, widths, strict=True)]
    for parts in zip_longest(*cells, fillvalue=""):
        aligned = zip(parts, widths, right, strict=True)
        yield (
            (" " * GAP)
            .join(part.rjust(size) if is_right else part.ljust(size) for part, size, is_right in aligned)
            .rstrip()
        )


def short(identifier: str) -> str:
    """The beginning of a digest, a commit or another identifier, for tables.

    >>> short("cb7bc7f726ea89a2")
    'cb7bc7f7'
    """
    return identifier[:8]


def short_commit(commit: str | None, *, dirty: bool) -> str | None:
    """A commit for tables, with a plus where files differed from it; None if it is not known.

    >>> short_commit("cb7bc7f726ea89a2", dirty=True)
    'cb7bc7f7+'
    """
    return f"{short(commit)}{'+' if dirty else ''}" if commit else None


def program() -> str:
    """How this program was started, for commands that can be copied: `regbench` only if the shell would find it."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m regbench"
    found = shutil.which("regbench")
    if started.name != "regbench" or (found and started.exists() and started.samefile(found)):
        return "regbench"
    return shlex.quote(str(started))


def duration(seconds: float) -> str:
    """A duration as text.

    >>> duration(3.2), duration(75), duration(3700), duration(200000)
    ('3 s', '1 min 15 s', '1 h 1 min', '2 d 7 h')
    """
    whole = round(seconds)
    for name, size, smaller, part in [("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)]:
        if whole >= size:
            return f"{whole // size} {name} {whole % size // part} {smaller}"
    return f"{whole} s"


def amount(count: int, thing: str) -> str:
    """A count and its noun.

    >>> amount(1, "job"), amount(12, "job")
    ('1 job', '12 jobs')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else shown(str(value))
