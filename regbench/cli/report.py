"""`regbench report`: make a table or figure from the database."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import asked, completing, looks, options
from regbench.cli.output import columns, emit, emit_json, say, width
from regbench.cli.sources import Source

if TYPE_CHECKING:
    from regbench.reports import Options, Report

Normalize = Annotated[
    str,
    typer.Option(
        "--normalize",
        metavar="METHOD|none",
        help="Divide by this method's error on each dataset; `none` shows the errors.",
        autocompletion=completing.methods,
    ),
]
Metric = Annotated[
    str, typer.Option("--metric", help="What to show, such as mae or crps.", autocompletion=completing.metrics)
]
OneMetric = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="What to show, such as mae or crps: by default RMSE, and MAE too where a table has room.",
        autocompletion=completing.metrics,
    ),
]
Format = Annotated[
    str, typer.Option("--format", "-f", metavar="table|md|latex|csv|json", help="How a table is written.")
]
Units = Annotated[str, typer.Option("--units", metavar="scaled|original", help="Units of the errors.")]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "--output",
        "-o",
        metavar="DIR",
        help="Where figures and their numbers are written; for `html` also a file.",
        callback=options.checked("check_no_address", "regbench.addresses"),
    ),
]
Everything = Annotated[
    bool, typer.Option("--all", help="Write every report that the results allow, and say of the others why not.")
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="A,B",
        help="Only these columns, by their headers, in this order; `gap`, made on request, is how far the test error "
        "at the chosen epoch lies above its lowest.",
    ),
]
Digits = Annotated[
    int | None,
    typer.Option(
        "--digits",
        metavar="N",
        help="Decimals; by default three of a ratio, five digits of an error, and all of them in CSV.",
        callback=options.checked("check_digits", "regbench.reports.report"),
    ),
]
With = Annotated[
    str | None,
    typer.Option(
        "--with",
        metavar="published|DIR",
        help="Fill cells without own runs from published runs of the same benchmark, data and protocol, and mark them.",
    ),
]
Caption = Annotated[str, typer.Option("--caption", metavar="TEXT", help="The caption, instead of the table's own.")]
Label = Annotated[str, typer.Option("--label", metavar="NAME", help="A LaTeX label, such as tab:main.")]
TEXTS = ("md", "latex")  # text formats that --all writes besides pictures and CSV


def report(
    name: Annotated[
        str | None,
        typer.Argument(help="Which report; the normalised table by default.", autocompletion=completing.reports),
    ] = None,
    benchmark: options.Benchmark = None,
    normalize: Normalize = "lsq",
    metric: OneMetric = None,
    k: options.Ks = None,
    dataset: options.Datasets = None,
    method: options.Methods = None,
    format_: Format = "table",
    columns_: Columns = None,
    digits: Digits = None,
    caption: Caption = "",
    label: Label = "",
    rows: options.Rows = "all",
    units: Units = "scaled",
    paper: Annotated[bool, typer.Option("--paper", help="Show the paper's own numbers beside ours.")] = False,
    with_: With = None,
    all_: Everything = False,
    out: Out = Path("results"),
    from_: options.Folder = None,
    db: options.Databases = options.DATABASES,
    json: options.Json = False,
) -> None:
    """Print a table, or draw a figure and write its numbers.

    A table shows one benchmark, named in its caption. A figure is written as SVG, PDF, PNG and CSV,
    and `html` as one page that opens without a network.
    `regbench list reports` lists all reports.

    Examples:
      regbench report --normalize lsq --k 25
      regbench report figure3 --out figures
      regbench report --format latex --metric mae
      regbench report table2 --format latex --columns DM,CA --label tab:main
      regbench report --normalize none --units original --json
      regbench report --columns DM,CA,mean,rank,gap --digits 4
      regbench report --with published
      regbench report --rows unseen
      regbench report table2 --from results/published/bridges
      regbench report --db 'results/shard-*.db'
      regbench report html --out page.html
      regbench report --all --out reports
    """
    from regbench import metrics, reports
    from regbench.errors import UsageError

    if all_ and name is not None:
        raise UsageError(f"--all writes every report; leave out {name}, or --all")
    found = reports.find(name or reports.DEFAULT)
    shown = reports.load(found)
    if paper and not all_ and not shown.has_paper:
        raise UsageError(f"--paper: the paper's own numbers are shown by {', '.join(looks.having('has_paper'))}")
    look = looks.look(columns_, caption, label, "json" if json else "files" if all_ else format_)
    looks.check_digits(digits, shown, "json" if json else "files" if all_ else format_)
    of_rows = metrics.over(rows, metric)
    given = reports.Options(
        normalize=None if normalize.lower() == "none" else normalize,
        metric=of_rows[0],
        metrics=of_rows,
        k=tuple(asked.numbers(k, "k")),
        datasets=tuple(dataset or ()),
        methods=tuple(method or ()),
        units=units.lower(),
        paper=paper,
        digits=digits,
        columns=look.columns if look else (),
    )
    with Source(db, from_, beside=with_) as source:
        if all_:
            return _all(source, benchmark, given, out, json=json)
        numbers, benchmark = _compute(source, found, shown, benchmark, given)
        if shown.page is not None:
            return _page(found, shown, numbers, benchmark, out, json=json)
        written = []
        if shown.draw is not None or out != Path("results"):
            written = reports.write(found, shown, numbers, folder=out)
        if json:
            about = metrics.about(given.metric)
            data = {"report": found, "benchmark": benchmark, **reports.data(shown, numbers), "files": written}
            data |= {"metric": about.name, "better": about.better}
            return emit_json("report", data, data.get("notes", ()))
        wide = width() if format_ == "table" else None
        text = reports.show(shown, numbers, format=format_, width=wide, look=look, digits=digits)
        emit(looks.bold(text) if format_ == "table" else text)
        for path in written:
            say(f"wrote {path}")
    return None


def _page(name: str, shown: "Report", numbers: Any, benchmark: str | None, out: Path, *, json: bool) -> None:
    """Write an HTML page and say where it is."""
    from regbench.reports.text import write

    path = write.page(shown, numbers, out)
    if json:
        return emit_json("report", {"report": name, "benchmark": benchmark, "files": [path]})
    return emit(str(path))


def _compute(
    source: Source, name: str, shown: "Report", benchmark: str | None, given: "Options"
) -> tuple[Any, str | None]:
    """The numbers of a report and its benchmark."""
    found = source.find(
        shown, name, benchmark=benchmark, metric=given.metric, units=given.units, gap=looks.GAP in given.columns
    )
    numbers = shown.compute(found.frame, replace(given, benchmark=found.benchmark, ranges=found.ranges))
    return numbers, found.benchmark


def _all(source: Source, benchmark: str | None, given: "Options", out: Path, *, json: bool) -> None:
    """Write every report of the catalog to files; name those that cannot be made, with the reason."""
    from regbench import reports
    from regbench.errors import NothingMeasured, NotInstalled, UsageError

    made: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    for name in reports.names():
        shown = reports.load(name)
        usable = replace(given, paper=given.paper and shown.has_paper)
        try:
            numbers, used = _compute(source, name, shown, benchmark if shown.or_last else None, usable)
            files = reports.write(name, shown, numbers, folder=out, texts=TEXTS)
        except (NothingMeasured, NotInstalled, UsageError) as error:
            left_out[name] = str(error)
            continue
        made.append({"report": name, "benchmark": used, "files": files})
    if not made:
        raise NothingMeasured(f"no report can be made: {next(iter(left_out.values()))}")
    warnings = [f"{looks.spelled(name)} left out: {why}" for name, why in left_out.items()]
    if json:
        return emit_json("report", {"reports": made, "left_out": left_out}, warnings)
    rows = [
        (looks.spelled(row["report"]), row["benchmark"], " ".join(path.name for path in row["files"])) for row in made
    ]
    emit(columns(rows, header=["report", "benchmark", f"files in {out}"]))
    for line in warnings:
        say(line)
    return None
