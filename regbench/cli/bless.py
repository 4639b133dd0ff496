"""`regbench bless`: write the lock file of a gate."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import asked, completing, options
from regbench.cli.output import columns, emit, emit_json, program, say

if TYPE_CHECKING:
    from regbench.campaign.gate.bless import Blessed

FILE = "regbench.lock.yaml"


def bless(
    benchmark: Annotated[
        str | None,
        typer.Argument(
            metavar="BENCHMARK",
            help="The benchmark; the last one run by default.",
            autocompletion=completing.stored_benchmarks,
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why these results are right; a reviewer reads it.")] = "",
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The lock file.",
            callback=options.checked("check_no_address", "regbench.addresses"),
        ),
    ] = Path(FILE),
    detect: Annotated[
        str | None,
        typer.Option(
            "--detect",
            metavar="SHARE",
            help="The worsening to be found 8 times in 10, such as 2%: says how many seeds that takes, and keeps them.",
            callback=options.checked("read_detect"),
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option("--metric", metavar="NAME", help="The metric that is judged: rmse means test/rmse; or val/mae."),
    ] = "rmse",
    accept_worse: Annotated[
        bool, typer.Option("--accept-worse", help="Record results that are worse than the accepted ones.")
    ] = False,
    commit: Annotated[
        str | None,
        typer.Option("--commit", metavar="REV", help="The commit whose code trained the runs, by default HEAD."),
    ] = None,
    dataset: options.Datasets = None,
    method: options.Methods = None,
    k: options.Ks = None,
    seed: options.Seeds = None,
    file: options.BenchmarkFile = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Record finished runs of a benchmark as the baseline of `regbench gate`, in a small file that is reviewed.

    The file has the configuration of every cell, the seeds with their numbers, code, environment and commit, and the
    history of earlier baselines. The drift since the first one is shown, and a worsening beyond the margin is recorded
    only with --accept-worse (else exit 4). The runs must be of the present code, and of that of the commit.

    Examples:
      regbench bless smoke --reason "first baseline"
      regbench bless smoke --reason "new schedule" --detect 2%
      regbench bless bridges-fixed --dataset CA --method lsq --k 25 --reason "one cell is enough"
      regbench bless smoke --reason "faster, and 1 % worse" --accept-worse
    """
    from regbench import config
    from regbench.campaign.gate import file as lock_file
    from regbench.campaign.gate.bless import Asked
    from regbench.campaign.gate.bless import bless as make
    from regbench.campaign.places import database, stored_benchmark
    from regbench.config.amounts import read_detect
    from regbench.errors import UsageError

    if not reason.strip():
        raise UsageError('say why these results are right: --reason "..."')
    config.load(file)  # adds the plug-ins that the file names
    with database(db) as store:
        wanted = Asked(
            reason=reason.strip(),
            date=datetime.now(tz=UTC).date().isoformat(),
            benchmark=stored_benchmark(store, benchmark) or store.last_benchmark(),
            datasets=dataset or (),
            methods=method or (),
            k=asked.numbers(k, "k"),
            seeds=asked.numbers(seed, "seed"),
            metric=metric,
            detect=None if detect is None else read_detect(detect),
            commit=commit,
            accept_worse=accept_worse,
            db=db,
        )
        found = make(store, wanted, output, lambda text: say(f"regbench: {text}"))
    lock_file.write(output, found.lock)
    if json:
        return emit_json("bless", _data(found, output), found.notes)
    emit(_text(found))
    for note in found.notes:
        say(f"note: {note}")
    say(f"wrote {output}; add it to version control. next: {program()} gate --baseline {output}")
    return None


def _text(found: "Blessed") -> str:
    """A row for each cell: its mean now, and how far it is from the last baseline and from the first one."""
    from regbench.campaign.gate.noise import scale_of

    unit = " %" if scale_of(found.lock.metric).unit == "percent" else ""
    rows = [
        [
            each.cell,
            len(cell.seeds),
            "diverged" if each.mean is None else f"{each.mean:.6g}",
            _change(each.since_last, unit),
            _change(each.since_first, unit),
            f"{each.margin:.2g}{unit}",
        ]
        for each, cell in zip(found.drifts, found.lock.cells, strict=True)
    ]
    header = ["cell", "seeds", found.lock.metric, "since the last", "since the first", "margin"]
    return columns(rows, header=header, styles=["red" if each.worse else "" for each in found.drifts])


def _change(change: float | None, unit: str) -> str:
    return "-" if change is None else f"{change:+.2f}{unit}"


def _data(found: "Blessed", output: Path) -> dict[str, Any]:
    lock = found.lock
    return {
        "file": output,
        "benchmark": lock.benchmark,
        "metric": lock.metric,
        "commit": lock.commit,
        "date": lock.date,
        "reason": lock.reason,
        "seeds_needed": found.needed,
        "blessings": len(lock.history) + 1,
        "cells": [
            {**vars(each), "seeds": list(cell.seeds), "code": cell.code}
            for each, cell in zip(found.drifts, lock.cells, strict=True)
        ],
    }
