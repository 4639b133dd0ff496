"""The command that a user may run next, as it can be copied: quoted, and by a path where `regbench` is not on PATH."""

import shlex

from regbench.cli.output import program


def command(*words: str) -> str:
    """The command line of these words, which the shell reads back as they are."""
    return f"{program()} {shlex.join(words)}"
