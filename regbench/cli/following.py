"""The command that a user may run next, as it can be copied: quoted, and by a path where `regbench` is not on PATH."""

import shlex
from collections.abc import Sequence

from regbench.cli.output import program


def command(*words: str) -> str:
    """The command line of these words, which the shell reads back as they are."""
    return f"{program()} {shlex.join(words)}"


def options(given: Sequence[tuple[str, str | None]]) -> list[str]:
    """The words of options that have a value."""
    return [word for name, value in given if value is not None for word in (name, value)]
