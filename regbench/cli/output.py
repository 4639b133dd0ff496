"""Data to stdout, everything else to stderr; colour only where a person looks."""

import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TextIO

SCHEMA = "regbench/1"
GAP = 2  # blanks between columns
NARROWEST = 12  # a column of words; below it wrapping would not help
ANSI = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def say(text: str) -> None:
    """A message for the person in front: to stderr, at once."""
    _write(text, sys.stderr)


def emit(text: str) -> None:
    """Data: to stdout."""
    _write(text, sys.stdout)


def _write(text: str, stream: TextIO) -> None:
    """A line, at once; a reader that has gone away (`| head`) is no error, there is only nobody to write to."""
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def emit_json(command: str, data: Any, warnings: Sequence[str] = ()) -> None:
    """The envelope of every `--json`: full precision, NaN as null."""
    envelope = {"schema": SCHEMA, "command": command, "data": plain(data), "warnings": list(warnings)}
    emit(json.dumps(envelope, ensure_ascii=False, indent=2, allow_nan=False))


def plain(data: Any) -> Any:
    """Data as JSON has it: paths and dates as text, NaN and infinity as null."""
    match data:
        case float():
            return data if math.isfinite(data) else None
        case None | bool() | int() | str():
            return data
        case Mapping():
            return {str(key): plain(value) for key, value in data.items()}
        case Iterable():
            return [plain(value) for value in data]
    return plain(data.item()) if hasattr(data, "item") else str(data)


def colour(stream: TextIO) -> bool:
    """Whether a stream takes colour: https://no-color.org, https://force-color.org, and a terminal that can."""
    if os.environ.get("NO_COLOR") or os.environ.get("REGBENCH_NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def animated() -> bool:
    """Whether stderr may be redrawn: a terminal that can, colours or not."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in a style, where there is one and its stream (stdout) takes colour."""
    return f"\033[{ANSI[style]}m{text}\033[0m" if style and colour(stream or sys.stdout) else text


def width() -> int | None:
    """Columns of the terminal that stdout is; None where it is none, and a table may be as wide as it is."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def columns(rows: Iterable[Sequence[Any]], header: Sequence[str], styles: Sequence[str] = ()) -> str:
    """Rows under a header, blank-aligned: numbers to the right, words to the left and wrapped to fit the terminal.

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
    """The widths of columns, the widest columns of words narrowed until all fit; the first, a name, stays whole."""
    limit = width()
    words = [position for position, is_right in enumerate(right) if position and not is_right]
    while limit and words and sum(widths) + GAP * (len(widths) - 1) > limit:
        widest = max(words, key=lambda position: widths[position])
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _row(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    """The lines of one row: several where a cell is wrapped."""
    cells = [textwrap.wrap(text, size, break_on_hyphens=False) for text, size in zip(texts, widths, strict=True)]
    for parts in zip_longest(*cells, fillvalue=""):
        aligned = zip(parts, widths, right, strict=True)
        yield (
            (" " * GAP)
            .join(part.rjust(size) if is_right else part.ljust(size) for part, size, is_right in aligned)
            .rstrip()
        )


def duration(seconds: float) -> str:
    """A time as one says it.

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
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
