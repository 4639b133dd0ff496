"""`regbench check-plugin FILE`: the promises of a method, regularizer or wrapper of one's own."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regbench.cli import following, options
from regbench.cli.output import amount, emit, emit_json, paint, say

if TYPE_CHECKING:
    from regbench.contract import Outcome

BROKEN_PROMISE = 8
INDENT = 16
Base = Annotated[
    str,
    typer.Option("--on", metavar="METHOD", help="The method that a regularizer or wrapper is added to."),
]


def check_plugin(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Python file with a method, a loss or a regularizer.")],
    on: Base = "lsq",
    json: options.Json = False,
) -> int:
    """Check what a method, a loss or a regularizer of your own promises; takes a few seconds.

    Shapes, finite losses, gradients by finite differences, packs, seeds, k, resumption, random numbers: the same checks
    that regbench's own methods pass. Of a broken promise it says what was expected and found, the nearest remedy and
    the line. A loss that cannot be batched breaks none; what looping costs is measured. Exit 2: the file is wrong;
    8: a promise is broken.

    Examples:
      regbench check-plugin my_loss.py
      regbench check-plugin plugins/regularizers/my_term.py --on soft_binning --json
    """
    from regbench import catalog
    from regbench.campaign.plugins import defined, loaded

    kinds = ("methods", *catalog.PARTS)
    found = defined(file, "check-plugin", kinds)
    base = catalog.resolve("methods", on)
    say(f"regbench: checking {found.label(base)}")
    from regbench import contract

    loaded(found)
    of = contract.subject(found.kind, found.name, base=base)
    outcomes = contract.examine(of, lambda outcome: None if json else emit(_shown(outcome)))
    broken = [outcome for outcome in outcomes if outcome.outcome == "broken"]
    if json:
        data = {
            "file": of.path,
            "kind": found.kind.removesuffix("s"),
            "name": found.name,
            "kept": not broken,
            "promises": [asdict(outcome) for outcome in outcomes],
        }
        emit_json("check-plugin", data, [outcome.note for outcome in outcomes if outcome.note])
    if broken:
        say(f"{amount(len(broken), 'promise')} of {len(outcomes)} broken")
        return BROKEN_PROMISE
    further = [] if on == "lsq" else ["--on", on]
    say(f"all {len(outcomes)} promises kept\nnext: {following.command('try', str(file), *further)}")
    return 0


def _shown(outcome: "Outcome") -> str:
    """One promise as text: a line, and what was found below it."""
    marks = {"kept": paint("ok", "green"), "broken": paint("!!", "red"), "not asked": "--"}
    lines = [f"{marks[outcome.outcome]}  {outcome.promise:<{INDENT - 4}}{outcome.says}"]
    below: list[str] = []
    if outcome.outcome == "broken":
        if outcome.line:
            below.append(f"line {outcome.line}: {outcome.code}")
        below += [f"expected {outcome.expected}", f"found {outcome.found}", paint(f"remedy: {outcome.remedy}", "bold")]
    elif outcome.outcome == "not asked":
        lines[0] += " (not asked, because of the above)"
    if outcome.note:
        below.append(paint(f"note: {outcome.note}", "yellow"))
    return "\n".join([*lines, *(f"{'':<{INDENT}}{line}" for line in below)])
