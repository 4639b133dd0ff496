"""Paths as users write them."""

import errno
from pathlib import Path

from regbench.errors import UsageError


def named(text: str | Path, what: str = "") -> Path:
    """The path with `~` expanded, which need not exist; `UsageError` for the home of nobody and for a loop of links.

    Args:
        text: as the user wrote it.
        what: stands before the path in messages.
    """
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{what}{text}: there is no such home folder") from None
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{what}{text}: {error.strerror}") from None
    return path
