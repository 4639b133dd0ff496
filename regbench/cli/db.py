"""Move results between databases without loss, keep them when the code changes, and take them away.

Examples:
  regbench db export results/export
  regbench db import results/export --db merged.db
  regbench db import theirs.csv
  regbench db merge node1.db node2.db --into all.db
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.campaign.places import option, stored_benchmark
from regbench.cli import completing, db_merge, db_rename, db_rm, following, options
from regbench.cli.output import amount, emit, emit_json, say
from regbench.cli.reading import reading

if TYPE_CHECKING:
    from regbench.store import Moved

Distilled = Annotated[
    bool,
    typer.Option(
        "--distilled",
        help="Only what tables and figures need of finished runs: the best and the last epoch, no predictions.",
    ),
]
EveryEpoch = Annotated[
    bool, typer.Option("--every-epoch", help="With --distilled: keep every epoch of the metrics that curves show.")
]
OnlyAdoptions = Annotated[
    bool, typer.Option("--adoptions", help="Only add to an export that is there what `db adopt` has shown since.")
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Write over an export that has runs or epochs which this one lacks.")
]
Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="A folder of Parquet files, one per table.",
        callback=options.checked("check_no_address", "regbench.addresses"),
    ),
]


def export(
    folder: Folder,
    benchmark: options.Benchmark = None,
    distilled: Distilled = False,
    every_epoch: EveryEpoch = False,
    only_adoptions: OnlyAdoptions = False,
    replace: Replace = False,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Write results as Parquet files, in full precision and with predictions. All benchmarks unless one is named.

    FOLDER/README.md describes the files; predicted.parquet has the predictions in the units of the target.
    Use `--distilled` for publishing: a few MB that `regbench report --from FOLDER` reads without a database.

    Examples:
      regbench db export results/export
      regbench db export /tmp/smoke --benchmark smoke
      regbench db export results/published/bridges --benchmark bridges --distilled
      regbench db export results/published/bridges --adoptions
    """
    from regbench import store
    from regbench.errors import UsageError

    if every_epoch and not distilled:
        raise UsageError("--every-epoch goes with --distilled; without it every epoch is written anyway")
    if only_adoptions:
        with reading(db) as opened:
            return _show("db export", store.export_adoptions(opened, folder), folder, json=json)
    part = store.WHOLE if not distilled else store.DISTILLED_CURVES if every_epoch else store.DISTILLED
    with reading(db) as opened:
        moved = store.export(opened, folder, benchmark=stored_benchmark(opened, benchmark), part=part, replace=replace)
    return _show("db export", moved, folder, json=json)


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A folder that `db export` wrote, or a table of another tool's results: .csv, .tsv, .parquet.",
            callback=options.checked("check_no_address", "regbench.addresses"),
        ),
    ],
    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions", metavar="FILE", help="A table of predictions or quantiles, one row per test row."
        ),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            "--benchmark",
            "-b",
            metavar="NAME",
            help="The benchmark that a table is added to; by default one of the file's name.",
            autocompletion=completing.stored_benchmarks,
        ),
    ] = None,
    units: Annotated[
        str,
        typer.Option(
            "--units", metavar="UNITS", help="Of a table's errors: original, of the target, or scaled to [0, 1]."
        ),
    ] = "original",
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Read results from an export, or from a table that another tool wrote; importing twice changes nothing.

    A folder with anything wrong in it changes nothing. Runs are written a few at a time, so that a `regbench run` on
    the same database goes on meanwhile. An import that is interrupted leaves whole runs, and the same command
    continues from there.

    A table has the columns dataset, method, seed, k and epoch (the last three may be left out), and errors such as
    val/rmse, test/rmse, test/mae. With --predictions, or with columns row and prediction of its own, RMSE, MAE and the
    other errors are computed here, and CRPS from quantiles in columns q0.1, q0.5, ...: against our targets where the
    dataset is one of ours (row counts its test rows from 0), else against a column y.
    Imported rows stand in tables with a line that names them, and `why` and `runs` say where they come from.

    Examples:
      regbench db import results/export
      regbench db import /tmp/smoke --db merged.db
      regbench db import theirs.csv
      regbench db import theirs.csv --predictions quantiles.parquet --benchmark bridges-fixed
    """
    from regbench import store
    from regbench.data.results import is_results
    from regbench.errors import UsageError

    if is_results(source) and not source.is_dir():
        return _import_table(source, predictions, benchmark, units, db=db, json=json)
    if predictions or benchmark:
        raise UsageError(
            f"--{'predictions' if predictions else 'benchmark'} goes with a table of results, such as a.csv"
        )
    if source.is_file():
        raise UsageError(
            f"{source} is no table of results by its name (.csv, .tsv, .parquet), nor a folder of an export"
        )
    if not source.is_dir():
        raise UsageError(f"there is no folder {source}; `regbench db export FOLDER` writes one")
    with store.Store.open(db) as opened:
        moved = store.import_(opened, source)
    return _show("db import", moved, source, json=json)


def _import_table(
    source: Path, predictions: Path | None, benchmark: str | None, units: str, *, db: str, json: bool
) -> None:
    from regbench.campaign.imports import import_results
    from regbench.campaign.imports.store import UNITS
    from regbench.errors import UsageError, did_you_mean
    from regbench.store import Store

    if units not in UNITS:
        raise UsageError(f"--units {units}: no such units{did_you_mean(units, UNITS)}")
    with Store.open(db) as opened:
        found = import_results(
            opened,
            source,
            predictions=predictions,
            benchmark=benchmark,
            units=units,
            say=lambda text: say(f"regbench: {text}"),
        )
    if json:
        return emit_json("db import", {"file": source, **asdict(found)}, found.notes)
    emit(f"{found.benchmark}: {amount(found.runs, 'run')} imported, {found.before:,} there before")
    for note in found.notes:
        say(f"note: {note}")
    say(f"next: {following.command('report', '--benchmark', found.benchmark)}{option(db)}")
    return None


def adopt(
    commit: Annotated[str, typer.Option("--from", metavar="COMMIT", help="The commit whose code trained the results.")],
    method: options.Methods = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Check that results of older code equal those of the present code, and then count them as done.

    A sample of their jobs, of every method, backbone and kind of dataset, is trained with that commit's code and with
    the present code, and every number of every epoch is compared. If all bits agree, the database records that the two
    versions compute the same, with the evidence. At any difference nothing is recorded and the command exits with 8.

    Examples:
      regbench db adopt --from HEAD~3
      regbench db adopt --from 44f7188 --db results/regbench.db
    """
    from regbench import config
    from regbench.runner.adopt import adopt as show
    from regbench.store import Store

    methods = [config.parse_variant(name).method for name in method or ()]
    with Store.open(db) as opened:
        found = show(opened, commit, methods=methods, say=lambda text: say(f"regbench: {text}"))
    if json:
        return emit_json("db adopt", asdict(found))
    compared, numbers = found.compared
    if found.adoptions:
        pairs = amount(len(found.adoptions), "version")
        emit(
            f"{amount(found.jobs, 'job')} of {pairs} of the code adopted: {amount(compared, 'job')} trained with both, "
            f"{numbers:,} numbers alike to the last bit"
        )
    else:
        emit(f"nothing to adopt from {commit}")
    if found.others:
        say(f"{amount(sum(found.others.values()), 'job')} left, of yet other code; adopt from its commit too")
    return None


COMMANDS: dict[str, Callable[..., Any]] = {
    "export": export,
    "import": import_,
    "merge": db_merge.merge,
    "adopt": adopt,
    "rm": db_rm.rm,
    "rename": db_rename.rename,
}


def _show(command: str, moved: "Moved", folder: Path, *, json: bool) -> None:
    if json:
        return emit_json(command, {"folder": str(folder), "rows": moved.rows}, moved.left_alone)
    for line in moved.left_alone:
        say(f"left alone: {line}")
    return emit(f"{folder}: {', '.join(f'{count:,} {name}' for name, count in moved.rows.items())}")
