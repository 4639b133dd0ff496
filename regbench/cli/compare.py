"""`regbench compare A B`: test whether A is better than B."""

import itertools
from typing import TYPE_CHECKING, Annotated

import typer

from regbench.campaign.places import option, stored_benchmark
from regbench.cli import asked, following, options
from regbench.cli.output import emit, emit_json, say, width
from regbench.cli.reading import cells_only, reading
from regbench.cli.report import Format, Metric

if TYPE_CHECKING:
    from regbench.analysis.compare import Comparison

UNDECIDED = 5
Method = Annotated[
    str,
    typer.Argument(metavar="METHOD", help="A method, or `method[key=value]`.", autocompletion=options.complete_methods),
]


def compare(
    a: Method,
    b: Method,
    benchmark: options.Benchmark = None,
    metric: Metric = "rmse",
    dataset: options.Datasets = None,
    k: options.Ks = None,
    rope: Annotated[
        float,
        typer.Option(
            "--rope",
            help="A relative difference too small to matter, such as 0.01 for 1 %.",
            callback=options.checked("check_rope", "regbench.analysis.scale"),
        ),
    ] = 0.01,
    level: Annotated[
        float,
        typer.Option(
            "--level",
            help="Probability that the intervals cover.",
            callback=options.checked("check_level", "regbench.analysis.scale"),
        ),
    ] = 0.95,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 5 when the data cannot decide.")] = False,
    format_: Format = "table",
    from_: options.Folder = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> int:
    """Test whether one method is better than another, or whether the data cannot decide.

    Runs are paired by seed, on each dataset and over all of them. A name without brackets is the default variant at
    k = 25.

    Examples:
      regbench compare soft_binning end2end
      regbench compare 'soft_binning[lambda_sigma=1]' lsq --metric mae --k 5
      regbench compare end2end lsq --exit-code
      regbench compare end2end lsq --dataset diamonds --dataset CA
      regbench compare end2end lsq --from results/published/bridges
    """
    from regbench import analysis, metrics, reports

    with reading(db, from_, cells_only() if from_ else None) as store:
        name = stored_benchmark(store, benchmark) or store.last_benchmark()
        cells = store.cells(name, metrics=[metrics.about(metric).name])
        frame = analysis.select(cells, datasets=tuple(dataset or ()))
        found = analysis.compare(frame, a, b, metric=metric, k=tuple(asked.numbers(k, "k")), rope=rope, level=level)
    if json:
        emit_json("compare", found.data(), [*found.missing, *found.notes])
    else:
        emit(
            reports.show(
                reports.load("comparison"), found, format=format_, width=width() if format_ == "table" else None
            )
        )
        if found.more_seeds and name and from_ is None:
            say(f"next: {_train_more(name, (a, b), found, db)}")
    return UNDECIDED if exit_code and not found.decided else 0


def _train_more(benchmark: str, asked_of: tuple[str, str], found: "Comparison", db: str) -> str:
    """The command that trains the seeds which would decide, on the datasets that were compared."""
    from regbench import config, variants

    methods = dict.fromkeys(variants.parse(name).label for name in asked_of)
    given = [("--method", name) for name in methods]
    given += [("--dataset", difference.dataset) for difference in found.datasets]
    given += [("--seed", text) for text in config.written(found.more_seeds)]
    return following.command("run", benchmark, *itertools.chain(*given)) + option(db)
