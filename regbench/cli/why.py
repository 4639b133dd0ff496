"""`regbench why CELL`: the runs behind a number."""

from typing import TYPE_CHECKING, Annotated

import typer

from regbench.campaign.places import stored_benchmark
from regbench.cli import asked, completing, options
from regbench.cli.explaining import lines
from regbench.cli.output import emit, emit_json, say
from regbench.cli.reading import reading
from regbench.cli.report import Metric
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.store import Part


def why(
    cell: Annotated[
        str,
        typer.Argument(
            metavar="CELL",
            help="A row of a table: a method, or `method[key=value]`.",
            autocompletion=completing.cells,
        ),
    ],
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="The dataset, by name or alias; needed where the row was run on several.",
            autocompletion=completing.datasets,
        ),
    ] = None,
    k: options.Ks = None,
    benchmark: options.Benchmark = None,
    metric: Metric = "rmse",
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="METHOD",
            help="The row whose configuration is set beside; by default lsq, or else the one that differs least.",
            autocompletion=completing.methods,
        ),
    ] = None,
    from_: options.Folder = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Show where a number of a table comes from.

    The run of each seed, with its errors at the chosen epoch; the configuration, and where it differs from another row;
    the code with its commit, and what shows that older code computes the same; data, split, environment and device;
    and the sweep that chose values. A name without brackets is the default variant at k = 25. `--json` has everything,
    also each run's curves.

    Examples:
      regbench why soft_binning --dataset CA
      regbench why 'soft_binning[lambda_sigma=1]' --dataset CA --k 15 -b bridges-fixed
      regbench why end2end --dataset EL --against soft_binning --metric mae
      regbench why lsq --dataset CA --from results/published/bridges/chosen --json
    """
    from regbench.campaign.why import why as answer

    wanted = asked.numbers(k, "k")
    if len(wanted) > 1:
        raise UsageError("a cell has one k; give --k once")
    with reading(db, from_, _part(curves=json) if from_ else None) as store:
        found = answer(
            store,
            cell,
            benchmark=stored_benchmark(store, benchmark) or store.last_benchmark(),
            dataset=dataset,
            k=wanted[0] if wanted else None,
            metric=metric,
            against=against,
            curves=json,
        )
    if json:
        return emit_json("why", found.data(), found.notes)
    emit("\n".join(lines(found)))
    for note in found.notes:
        say(f"note: {note}")
    return None


def _part(*, curves: bool) -> "Part":
    """The part of a folder's runs that is needed: without curves, only the epochs that count."""
    from regbench.store import Part

    return Part(every_epoch=curves, predictions=False, recorded=False)
