"""`regbench db rename`: give a benchmark another name."""

from typing import Annotated

import typer

from regbench.campaign import places
from regbench.cli import completing, options
from regbench.cli.output import amount, emit, emit_json
from regbench.errors import NothingMeasured


def rename(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A stored benchmark.", autocompletion=completing.stored_benchmarks)
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name, which no other has.")],
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Rename a stored benchmark, also where others have taken values from it. Jobs and runs stay as they are.

    benchmarks.yaml is not changed: `regbench run OLD` would list the same jobs under the old name again, and train none
    of them anew.

    Examples:
      regbench db rename smoke smoke-before
      regbench db rename bridges 'bridges-2026' --db results/regbench.db
    """
    from regbench.campaign.removal import rename as renamed
    from regbench.store import Store

    if not places.is_there(db):
        raise NothingMeasured(f"there is no database {db}; give its place with --db")
    with Store.open(db) as store:
        name = places.stored_benchmark(store, old) or old
        jobs = renamed(store, name, new)
    if json:
        return emit_json("db rename", {"old": name, "new": new, "jobs": jobs})
    emit(f"{name} is now {new}: {amount(jobs, 'job')}")
    return None
