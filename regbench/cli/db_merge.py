"""`regbench db merge A B … --into C`: bring the results of several machines together."""

from typing import TYPE_CHECKING, Annotated

import typer

from regbench.cli import options
from regbench.cli.agreeing import lines
from regbench.cli.output import amount, emit, emit_json, say

if TYPE_CHECKING:
    from regbench.store import Merged


def merge(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Databases (files, patterns such as 'node*.db', or postgresql://...) and folders of exports.",
        ),
    ],
    into: Annotated[
        str,
        typer.Option("--into", metavar="FILE", help="The database that gets all of it; made if it is not there."),
    ],
    json: options.Json = False,
) -> None:
    """Merge the results of several machines into one database, without loss.

    What is there is never overwritten. A job that several machines finished keeps all their runs: where their numbers
    are the same, each is a witness of the others; where they differ, the effect of the environment is measured and
    shown, and tables have the run that ended last. The result depends neither on the order nor on repetition, so the
    same command may be given again when there is more. Sources are only read, and checked before anything is written.

    Examples:
      regbench db merge node1.db node2.db --into all.db
      regbench db merge 'results/shard-*.db' --into results/regbench.db
      regbench db merge results/export postgresql://me@host/results --into all.db
    """
    from regbench import store
    from regbench.campaign.agreement import agreement
    from regbench.campaign.places import several

    places = several(sources)
    with store.Store.open(into) as target:
        merged = store.merge(target, places)
        found = agreement(target.witnesses())
        place = target.place
    if json:
        data = {"into": place, "sources": merged.sources, "rows": merged.rows, "witnesses": found.data()}
        return emit_json("db merge", data, merged.notes)
    for note in merged.notes:
        say(f"note: {note}")
    emit(f"{place}: {_said(merged)}")
    for line in lines(found):
        emit(line)
    return None


def _said(merged: "Merged") -> str:
    new = ", ".join(f"{count:,} {name}" for name, count in merged.rows.items() if count)
    return f"{amount(merged.sources, 'source')} merged; new: {new or 'nothing'}"
