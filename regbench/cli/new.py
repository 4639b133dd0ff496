"""`regbench new KIND NAME`: write a starting file for a method or regularizer of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from regbench.cli import following, options
from regbench.cli.output import emit, emit_json, say

KINDS = ("method", "criterion", "regularizer")


def _complete(incomplete: str) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def new(
    kind: Annotated[
        str,
        typer.Argument(metavar="|".join(KINDS), autocompletion=_complete),
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called; the file is NAME.py.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="The folder, instead of ./plugins/methods or ./plugins/regularizers."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Write a commented starting file for a method, a plain loss or a regularizer; no file is overwritten.

    A criterion is a function of prediction and target alone. A method can also have settings, random numbers,
    parameters of its own and a distribution. A regularizer is added to any method.

    Examples:
      regbench new method my_loss
      regbench new criterion my_loss --to losses
      regbench new regularizer my_term
    """
    from regbench.campaign.starting import write

    path = write(kind, name, to)
    if json:
        emit_json("new", {"kind": kind, "name": name, "file": path})
    else:
        emit(str(path))
    say(f"next: change it, then {following.command('check-plugin', str(path))}")
