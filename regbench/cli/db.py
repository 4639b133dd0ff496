"""Move results between databases, without loss.

Examples:
  regbench db export results/export
  regbench db import results/export --db merged.db
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.output import emit, emit_json, say
from regbench.cli.reading import reading, stored_benchmark

if TYPE_CHECKING:
    from regbench.store import Moved

Distilled = Annotated[
    bool,
    typer.Option(
        "--distilled",
        help="Of each finished run only what tables and figures read: the best and the last epoch, no predictions.",
    ),
]
EveryEpoch = Annotated[
    bool, typer.Option("--every-epoch", help="With --distilled: keep every epoch of what curves are drawn of.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of Parquet files, one per table.")]


def export(
    folder: Folder,
    benchmark: options.Benchmark = None,
    distilled: Distilled = False,
    every_epoch: EveryEpoch = False,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Write results as Parquet files: full precision, predictions too. All benchmarks unless one is named.

    `--distilled` is what to publish: a few MB that `regbench report --from FOLDER` reads without a database.

    Examples:
      regbench db export results/export
      regbench db export /tmp/smoke --benchmark smoke
      regbench db export results/published/bridges --benchmark bridges --distilled
    """
    from regbench import store
    from regbench.errors import UsageError

    if every_epoch and not distilled:
        raise UsageError("--every-epoch goes with --distilled; without it every epoch is written anyway")
    part = store.WHOLE if not distilled else store.DISTILLED_CURVES if every_epoch else store.DISTILLED
    with reading(db) as opened:
        moved = store.export(opened, folder, benchmark=stored_benchmark(opened, benchmark), part=part)
    return _show("db export", moved, folder, json=json)


def import_(folder: Folder, db: options.Database = options.DATABASE, json: options.Json = False) -> None:
    """Read results from Parquet files; what is there already stays as it is, so importing twice changes nothing.

    Examples:
      regbench db import results/export
      regbench db import /tmp/smoke --db merged.db
    """
    from regbench import store
    from regbench.errors import UsageError

    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; `regbench db export FOLDER` writes one")
    with store.Store.open(db) as opened:
        moved = store.import_(opened, folder)
    return _show("db import", moved, folder, json=json)


COMMANDS: dict[str, Callable[..., Any]] = {"export": export, "import": import_}


def _show(command: str, moved: "Moved", folder: Path, *, json: bool) -> None:
    if json:
        return emit_json(command, {"folder": str(folder), "rows": moved.rows}, moved.left_alone)
    for line in moved.left_alone:
        say(f"left alone: {line}")
    return emit(f"{folder}: {', '.join(f'{count:,} {name}' for name, count in moved.rows.items())}")
