"""Options used by several commands, so that they have the same name everywhere."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from regbench.campaign import places
from regbench.cli import completing

DATABASE = places.DATABASE


def checked(name: str, module: str = "regbench.config.amounts") -> Callable[[Any], Any]:
    """A callback that refuses a wrong value while the command line is parsed, by a function of that module."""

    def check(value: Any) -> Any:
        if value is not None:
            getattr(importlib.import_module(module), name)(value)
        return value

    return check


Json = Annotated[bool, typer.Option("--json", help="Print JSON with full precision instead of text.")]
Database = Annotated[
    str,
    typer.Option("--db", envvar="REGBENCH_DB", metavar="FILE", help="The result database, a file or postgresql://..."),
]


def _databases(context: typer.Context, parameter: typer.CallbackParam, value: list[str]) -> list[str]:
    """The databases of all options and patterns; the variable names one, whose path may have blanks in it."""
    source = context.get_parameter_source(str(parameter.name))
    return places.several([os.environ["REGBENCH_DB"]] if source and source.name == "ENVIRONMENT" else value)


DATABASES = [DATABASE]
Databases = Annotated[
    list[str],
    typer.Option(
        "--db",
        envvar="REGBENCH_DB",
        metavar="FILE",
        help="The result database, a file or postgresql://...; repeated, or a pattern: several, read as if merged.",
        callback=_databases,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="DIR",
        help="Read a folder written by `regbench db export` instead of a database.",
        callback=checked("check_no_address", "regbench.addresses"),
    ),
]
BenchmarkFile = Annotated[
    Path | None,
    typer.Option(
        "--file", envvar="REGBENCH_FILE", metavar="FILE", help="A benchmarks file other than ./benchmarks.yaml."
    ),
]
Benchmark = Annotated[
    str | None,
    typer.Option(
        "--benchmark",
        "-b",
        metavar="NAME",
        help="The benchmark to use; the last one run by default.",
        autocompletion=completing.benchmarks,
    ),
]
Rows = Annotated[
    str,
    typer.Option(
        "--rows",
        metavar="all|unseen|seen",
        help="Which test rows count: unseen ones have inputs that no training row has.",
    ),
]
Datasets = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="Only this dataset, by name or alias; may be repeated.",
        autocompletion=completing.datasets,
    ),
]
Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help="Only this method, or `method[key=value]`; may be repeated.",
        autocompletion=completing.methods,
    ),
]
Ks = Annotated[
    list[str] | None,
    typer.Option("--k", metavar="K", help="Only this number of bins; may be repeated.", callback=checked("check_k")),
]
Seeds = Annotated[
    list[str] | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="Only this seed, or a range 2-27; may be repeated.",
        callback=checked("check_seeds"),
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        metavar="N",
        help="Train for N epochs: a variant, `NAME[epochs=N]`.",
        callback=checked("check_epochs"),
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="Replace a field of the protocol: a variant too; may be repeated."
    ),
]
Devices = Annotated[
    str | None,
    typer.Option(
        "--devices",
        envvar="REGBENCH_DEVICES",
        metavar="LIST",
        help="`cpu`, `cuda`, or `cuda:0,cuda:1`; by default all GPUs, or else the CPU.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        envvar="REGBENCH_WORKERS",
        metavar="N",
        help="Number of worker processes; by default one per core, or one per GPU.",
        callback=checked("check_workers"),
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        envvar="REGBENCH_ENGINE",
        metavar="local|ray",
        help="Where workers run: on this machine, or on a Ray cluster (extra `ray`).",
        callback=checked("check_engine"),
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        envvar="REGBENCH_RAY_ADDRESS",
        metavar="HOST:PORT|auto",
        help="The Ray cluster to join; by default one is started here, and stopped at the end.",
        callback=checked("check_ray_address"),
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        callback=checked("read_duration"),
        metavar="TIME",
        help="Only what fits, such as 30m or 1h30m: one seed of every cell, cheap datasets first, then the next seed.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Only the I-th of N equal shards of the jobs, such as 1/3.",
        callback=checked("read_shard"),
    ),
]
ChooseAgain = Annotated[
    bool,
    typer.Option("--choose-again", help="Choose again from the sweep, and replace earlier choices."),
]
UntilDecided = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--until-decided",
        metavar="A B",
        help="Add seeds until A and B can be told apart, or the --budget is used up.",
    ),
]
VerifyPacking = Annotated[
    str | None,
    typer.Option(
        "--verify-packing",
        callback=checked("read_fraction"),
        metavar="FRACTION",
        help="Then retrain a random fraction of the jobs alone, such as 1%, and compare; a difference exits 8.",
    ),
]
OwnData = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="Train on your own table instead: CSV, Parquet, Feather, Excel, ARFF, JSON or npz, also packed, or "
        "openml:ID; may be repeated.",
        callback=checked("check_no_addresses", "regbench.addresses"),
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="COLUMN", help="The column of --data to predict; repeated: several, or one for each --data."
    ),
]
Sep = Annotated[
    str | None,
    typer.Option(
        "--sep",
        metavar="CHARACTER",
        help="Between the cells of --data: comma, semicolon, tab, pipe, blank; or found out.",
    ),
]
Decimal = Annotated[
    str | None, typer.Option("--decimal", metavar="point|comma", help="The decimal sign of --data; or found out.")
]
Header = Annotated[
    str | None,
    typer.Option("--header", metavar="first|none", help="Whether the first line of --data names its columns."),
]
Drop = Annotated[
    list[str] | None, typer.Option("--drop", metavar="COLUMN", help="A column of --data to leave out; may be repeated.")
]
Group = Annotated[
    str | None,
    typer.Option(
        "--group", metavar="COLUMN", help="A column of --data whose rows of one value stay in one part: split=grouped."
    ),
]
KeepIndex = Annotated[
    bool, typer.Option("--keep-index", help="Use columns of --data that only count or name its rows as inputs too.")
]
Preprocess = Annotated[
    list[str] | None,
    typer.Option(
        "--preprocess",
        metavar="KEY=VALUE",
        help="A rule for columns of --data that are no plain numbers: one_hot=8, missing=drop; may be repeated.",
    ),
]
