"""`regbench compare A B [C …]`: test whether A is better than B, or compare several methods at once."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.campaign.places import option, stored_benchmark
from regbench.cli import asked, completing, following, options
from regbench.cli.output import emit, emit_json, say, width
from regbench.cli.reading import reading
from regbench.cli.report import Format, Metric, Out

if TYPE_CHECKING:
    from regbench.analysis import Comparison, Several
    from regbench.store import Part

UNDECIDED = 5
Methods = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="METHOD METHOD [METHOD...]",
        help="Two methods, or more, each as `method[key=value]`; the first is compared with the others.",
        autocompletion=completing.methods,
    ),
]


def compare(
    methods: Methods = None,
    benchmark: options.Benchmark = None,
    metric: Metric = "rmse",
    rows: options.Rows = "all",
    dataset: options.Datasets = None,
    k: options.Ks = None,
    rope: Annotated[
        str,
        typer.Option(
            "--rope",
            metavar="SHARE",
            help="A difference too small to matter, such as 1% or 0.01; relative for errors.",
            callback=options.checked("read_rope", "regbench.analysis.scale"),
        ),
    ] = "1%",
    level: Annotated[
        float,
        typer.Option(
            "--level",
            help="Probability that the intervals cover.",
            callback=options.checked("check_level", "regbench.analysis.scale"),
        ),
    ] = 0.95,
    all_pairs: Annotated[
        bool,
        typer.Option(
            "--all-pairs",
            help="Compare every pair, of all rows at one k where no method is named; draw win rates and ranks.",
        ),
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 5 when the data cannot decide.")] = False,
    format_: Format = "table",
    out: Out = Path("results"),
    from_: options.Folder = None,
    db: options.Databases = options.DATABASES,
    json: options.Json = False,
) -> int:
    """Test whether one method is better than another, or whether the data cannot decide.

    Runs are paired by seed, on each dataset and over all of them. A name without brackets is the default variant at
    k = 25. With more than two methods the intervals are corrected for the number of comparisons; where `run
    --until-decided` has added seeds, for its looks.

    Examples:
      regbench compare soft_binning end2end
      regbench compare 'soft_binning[lambda_sigma=1]' lsq --metric mae --k 5
      regbench compare end2end lsq --exit-code --rope 2%
      regbench compare end2end lsq --dataset diamonds --dataset CA --rows unseen
      regbench compare end2end lsq soft_binning hard_binning
      regbench compare end2end lsq --db node1.db --db node2.db
      regbench compare --all-pairs --from results/published/bridges
    """
    from regbench import analysis, metrics, reports
    from regbench.analysis import sequences
    from regbench.analysis.scale import read_rope
    from regbench.campaign.kept import kept_rows
    from regbench.errors import UsageError

    names = tuple(methods or ())
    if len(names) < 2 and not (all_pairs and not names):
        raise UsageError("compare takes two methods or more: regbench compare A B; or --all-pairs of a whole benchmark")
    with reading(db, from_, _part() if from_ or len(db) > 1 else None) as store:
        name = stored_benchmark(store, benchmark) or store.last_benchmark()
        (of_rows,) = metrics.over(rows, metric)
        cells = store.cells(name, metrics=[of_rows])
        frame = analysis.select(cells, datasets=tuple(dataset or ()))
        given: dict[str, Any] = {"metric": of_rows, "k": tuple(asked.numbers(k, "k")), "level": level}
        given |= {"rope": read_rope(rope), "kept": kept_rows(store)}
        added = sequences.of_config(store.config(str(name)))
        if len(names) == 2 and not all_pairs:
            own = sequences.between(added, frame, *names, next(iter(given["k"]), None), of_rows)
            found = analysis.compare(frame, *names, **given, looks=own.boundary if own else None)
            found = replace(found, notes=(*found.notes, *sequences.caution(added, own, found)))
        else:
            found = analysis.compare_several(frame, names, all_pairs=all_pairs, **given)
            for each in added:
                say(f"note: seeds were added until {each.a.name} and {each.b.name} were told apart: no boundary here")
    report = reports.load("comparison" if isinstance(found, analysis.Comparison) else "pairs")
    written = reports.write("pairs", report, found, folder=out) if all_pairs else []
    if json:
        emit_json("compare", {**found.data(), **({"files": written} if written else {})}, _warnings(found))
    else:
        emit(reports.show(report, found, format=format_, width=width() if format_ == "table" else None))
        for path in written:
            say(f"wrote {path}")
        if isinstance(found, analysis.Comparison) and found.more_seeds and name and from_ is None and len(db) == 1:
            say(f"next: {_train_more(name, names, found, db[0])}")
    return UNDECIDED if exit_code and not found.decided else 0


def _part() -> "Part":
    """The part of a folder's runs that a comparison reads: their cells, and test predictions where they are kept."""
    from regbench import store

    return store.Part(every_epoch=False, recorded=False, failures=False)


def _warnings(found: "Comparison | Several") -> list[str]:
    """What could not be compared, and what else to know."""
    from regbench.analysis import Comparison

    if isinstance(found, Comparison):
        return [*found.missing, *found.notes]
    every = [line for each in found.comparisons for line in (*each.missing, *each.notes)]
    return [*found.left_out, *found.ranks.refused, *dict.fromkeys(every)]


def _train_more(benchmark: str, asked_of: tuple[str, ...], found: "Comparison", db: str) -> str:
    """The command that trains the seeds which would decide, on the datasets that were compared."""
    from regbench import config, variants

    methods = dict.fromkeys(variants.parse(name).label for name in asked_of)
    given = [("--method", name) for name in methods]
    given += [("--dataset", difference.dataset) for difference in found.datasets]
    given += [("--seed", text) for text in config.written(found.more_seeds)]
    return following.command("run", benchmark, *itertools.chain(*given)) + option(db)
