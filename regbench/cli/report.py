"""`regbench report`: a table or a figure, from what is in the database."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.output import emit, emit_json, say, width
from regbench.cli.reading import reading, stored_benchmark

if TYPE_CHECKING:
    import pandas as pd

    from regbench.reports import Report
    from regbench.store import Store

Normalize = Annotated[
    str,
    typer.Option(
        "--normalize",
        metavar="METHOD|none",
        help="Divide by this method's error on each dataset; `none` shows the errors.",
        autocompletion=options.complete_methods,
    ),
]
Metric = Annotated[str, typer.Option("--metric", metavar="rmse|mae", help="The error to show.")]
Format = Annotated[
    str, typer.Option("--format", "-f", metavar="table|md|latex|csv|json", help="How a table is written.")
]
Units = Annotated[str, typer.Option("--units", metavar="scaled|original", help="Units of the errors.")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where figures and their numbers are written.")]


def report(
    name: Annotated[
        str | None,
        typer.Argument(help="Which report; the normalised table by default.", autocompletion=options.complete_reports),
    ] = None,
    benchmark: options.Benchmark = None,
    normalize: Normalize = "lsq",
    metric: Metric = "rmse",
    k: options.Ks = None,
    dataset: options.Datasets = None,
    method: options.Methods = None,
    format_: Format = "table",
    units: Units = "scaled",
    paper: Annotated[bool, typer.Option("--paper", help="Show the paper's own numbers beside ours.")] = False,
    out: Out = Path("results"),
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Print a table, or draw a figure with its numbers beside it.

    A table is over one benchmark, named in its caption. A figure is written as SVG, PDF, PNG and CSV.
    `regbench list reports` names them all.

    Examples:
      regbench report --normalize lsq --k 25
      regbench report figure3 --out figures
      regbench report --format latex --metric mae
      regbench report --normalize none --units original --json
    """
    from regbench import reports
    from regbench.errors import UsageError

    found = reports.find(name or reports.DEFAULT)
    shown = reports.load(found)
    if paper and not shown.has_paper:
        raise UsageError("--paper: only figure3 and figure4 show the paper's own numbers")
    frame, benchmark, ranges = _frame(shown, db, benchmark, metric=metric.lower(), units=units.lower())
    numbers = shown.compute(
        frame,
        reports.Options(
            benchmark=benchmark,
            normalize=None if normalize.lower() == "none" else normalize,
            metric=metric.lower(),
            k=tuple(k or ()),
            datasets=tuple(dataset or ()),
            methods=tuple(method or ()),
            units=units.lower(),
            ranges=ranges,
            paper=paper,
        ),
    )
    written = []
    if shown.draw is not None or out != Path("results"):
        written = reports.write(found, shown, numbers, folder=out)
    if json:
        data = {"report": found, "benchmark": benchmark, **reports.data(shown, numbers), "files": written}
        return emit_json("report", data, data["notes"])
    emit(reports.show(shown, numbers, format=format_, width=width() if format_ == "table" else None))
    for path in written:
        say(f"wrote {path}")
    return None


def _frame(
    shown: "Report", db: str, benchmark: str | None, *, metric: str, units: str
) -> tuple[Any, str | None, Mapping[str, Any]]:
    """What the report reads, the benchmark it is over, and the ranges of targets where original units are wanted."""
    if shown.needs == "catalog":
        return None, benchmark, {}
    with reading(db) as store:
        name = stored_benchmark(store, benchmark) or store.last_benchmark()
        curves = shown.needs == "curves"
        frame = store.curves(name, names=[f"val/{metric}", f"test/{metric}"]) if curves else store.cells(name)
        return frame, name, _ranges(store, frame) if units == "original" else {}


def _ranges(store: "Store", frame: "pd.DataFrame") -> dict[str, tuple[Sequence[float], Sequence[float]]]:
    """Lowest and highest training target of each dataset: what the targets were scaled by."""
    known = store.target_ranges()
    pairs = frame[["dataset", "digest"]].drop_duplicates().itertuples(index=False)
    return {str(dataset): known[digest] for dataset, digest in pairs if digest in known}
