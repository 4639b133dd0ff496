"""`regbench verify PAPER`: check the claims of a paper against its own tables and our runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from regbench import variants
from regbench.campaign.places import is_there, stored_benchmark
from regbench.cli import asked, completing, options, settling
from regbench.cli.output import emit, emit_json, say, width
from regbench.cli.reading import cells_only, reading
from regbench.cli.report import Format
from regbench.cli.sources import findings

if TYPE_CHECKING:
    from regbench.analysis.claims import Findings
    from regbench.papers.claims import Paper
    from regbench.runner.settle import Further
    from regbench.store import Store


def _complete_papers(incomplete: str) -> list[str]:
    from regbench.papers import claims

    return [name for name in claims.names() if name.startswith(incomplete)]


def verify(
    paper: Annotated[
        str,
        typer.Argument(
            metavar="PAPER", help="A paper's name, or a YAML file of your own.", autocompletion=_complete_papers
        ),
    ],
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="ID", help="Only this claim, with the cells that decide it; may be repeated."),
    ] = None,
    benchmark: options.Benchmark = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            help="The error in which our runs are asked, such as crps: by default RMSE and MAE.",
            autocompletion=completing.metrics,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            metavar="TIME",
            help="First train what open claims wait for and fits, such as 2h.",
            callback=options.checked("read_duration"),
        ),
    ] = None,
    format_: Format = "table",
    devices: options.Devices = None,
    workers: options.Workers = None,
    from_: options.Folder = None,
    db: options.Databases = options.DATABASES,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Check whether each claim of a paper holds, fails or cannot be decided.

    Claims are checked against the paper's own table, whose rounded cells are intervals, and against our runs, by RMSE
    and MAE or by another error (--metric), with the cells that decide. The exit code is always 0, because a claim that
    fails is a result.
    With --budget it trains the cells that most open claims wait for, and shows what more time would settle.

    Examples:
      regbench verify bridges
      regbench verify bridges --claim end2end-best
      regbench verify bridges --budget 2h
      regbench verify bridges --db node1.db --db node2.db
      regbench verify bridges --from results/published/bridges --json
    """
    from regbench import metrics
    from regbench.errors import UsageError
    from regbench.papers import claims

    known = claims.load(paper)
    if metric and known.columns:
        raise UsageError(f"--metric: each column of {known.name}'s tables has a metric of its own")
    measured = (metrics.about(metric).name,) if metric else metrics.USUAL
    place = Place(db, from_, tuple(claim or ()), measured)
    if budget is None:
        found, name = place.look(known, benchmark)
        return _show(found, name, place.only, format_=format_, json=json)
    if from_ is not None:
        raise UsageError("--budget trains into a database: leave out --from")
    if len(db) > 1:
        raise UsageError("--budget trains into one database: give --db once, such as that of `regbench db merge`")
    from regbench.campaign import claims as campaign_claims
    from regbench.campaign.campaign import Campaign
    from regbench.cli.events import Listener
    from regbench.config.amounts import read_duration

    seconds, chosen = read_duration(budget), campaign_claims.benchmark_of(known, benchmark, file)
    with Listener() as listener:
        campaign = Campaign(db[0], asked.slots(devices, workers), on_event=listener)
        training = campaign_claims.Settling(campaign, chosen, seconds)
        results = training.train(lambda: place.look(known, training.name, planned=True)[0])
    found, name = place.look(known, training.name, planned=True)
    further = training.further(found)
    _show(found, name, place.only, format_=format_, json=json, further=further)
    results.check_interruption()
    return results.check_failures()


class Place(NamedTuple):
    """The place of the runs, and the claims to check."""

    db: Sequence[str]
    folder: Path | None
    only: Sequence[str]
    metrics: Sequence[str]

    def look(self, paper: "Paper", benchmark: str | None, *, planned: bool = False) -> "tuple[Findings, str | None]":
        """The verdicts on the present runs, and the benchmark of these runs; None if nothing was run.

        By default it is the paper's own benchmark, or else the one run last. A `planned` one need not exist yet.
        """
        from regbench.analysis.claims import verify

        if self.folder is None and not any(map(is_there, self.db)) and (benchmark is None or planned):
            return verify(paper, only=self.only, measured=self.metrics), None
        with reading(self.db, self.folder, cells_only() if self.folder or len(self.db) > 1 else None) as store:
            name = _stored(store, paper, benchmark, planned=planned)
            if name is None:
                return verify(paper, only=self.only, measured=self.metrics), None
            return findings(store, paper, name, self.only, self.metrics), name


def _stored(store: "Store", paper: "Paper", benchmark: str | None, *, planned: bool) -> str | None:
    """The benchmark to use: the named one, the paper's own benchmark with runs, or the one run last."""
    known = store.benchmarks()
    names = [str(name) for name in known["name"]]  # the one run last first
    if planned:
        return benchmark if benchmark in names else None
    if named := stored_benchmark(store, benchmark):
        return named
    trained = [str(name) for name in known.loc[known["done"] > 0, "name"]] or names
    own = [like for name in paper.benchmarks for like in (name, *trained) if variants.bare(like) == name]
    others = () if paper.columns else trained  # columns are on datasets that other benchmarks have not
    return next((name for name in (*own, *others) if name in trained), None)


def _show(
    found: "Findings",
    benchmark: str | None,
    only: Sequence[str],
    *,
    format_: str,
    json: bool,
    further: "Further | None" = None,
) -> None:
    """Show the verdicts, details for single claims, and what more time would settle."""
    from regbench import reports

    shown = reports.load("claims")
    numbers = shown.compute(found, reports.Options(benchmark=benchmark, claims=tuple(only)))
    if json:
        more = {} if further is None else {"further": settling.as_data(further)}
        return emit_json("verify", {**reports.data(shown, numbers), **more}, found.notes)
    emit(reports.show(shown, numbers, format=format_, width=width() if format_ == "table" else None))
    if further is not None:
        (emit if format_ == "table" else say)(settling.as_text(further))
    return None
