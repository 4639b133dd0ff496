"""`regbench try FILE`: train only the row of a loss, method or regularizer of one's own, and compare it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import asked, completing, following, options, plans
from regbench.cli.output import amount, duration, emit, emit_json, paint, say, width
from regbench.cli.report import Format

if TYPE_CHECKING:
    from regbench.analysis import Comparison
    from regbench.campaign.plugins import Defined
    from regbench.campaign.trying import Trial, Verdict

PUBLISHED = "published"
NONE = "none"
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        metavar="METHOD",
        help="A row of the benchmark to compare with; may be repeated. By default lsq and soft_binning.",
        autocompletion=completing.methods,
    ),
]
With = Annotated[
    str,
    typer.Option(
        "--with",
        metavar="published|DIR|none",
        help="Where to look for runs of these rows that are not in the database.",
    ),
]
Budget = Annotated[
    str,
    typer.Option(
        "--budget",
        callback=options.checked("read_duration"),
        metavar="TIME",
        help="Train only what fits: one seed of every dataset first, cheap ones first, then the next seed.",
    ),
]


def try_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Python file with a method, a loss or a regularizer.")],
    benchmark: Annotated[
        str | None,
        typer.Argument(metavar="[BENCHMARK]", show_default=False, autocompletion=completing.benchmarks),
    ] = None,
    against: Against = None,
    on: Annotated[
        str, typer.Option("--on", metavar="METHOD", help="The method that a regularizer is added to.")
    ] = "lsq",
    budget: Budget = "20m",
    dataset: options.Datasets = None,
    seed: options.Seeds = None,
    epochs: options.Epochs = None,
    with_: With = PUBLISHED,
    devices: options.Devices = None,
    workers: options.Workers = None,
    db: options.Database = options.DATABASE,
    benchmarks: options.BenchmarkFile = None,
    format_: Format = "table",
    json: options.Json = False,
) -> None:
    """Train your loss, method or regularizer on a benchmark, and compare it with rows that are trained already.

    Only its row is trained, all seeds in one pack, within the budget. What it is compared with are runs of the same
    jobs: of the database, or published ones; the same data, split, seeds, protocol and network. Without a name the
    benchmark is bridges-fixed on its seven tables, whose runs are published. A second call trains nothing.
    --format latex prints the whole table.

    Examples:
      regbench try my_loss.py
      regbench try my_loss.py --dataset CA --against lsq --against end2end --budget 5m
      regbench try my_term.py smoke --on soft_binning
      regbench try my_loss.py 'smoke[data=house.csv:price]'
      regbench try my_loss.py --format latex
    """
    from regbench.campaign import trying
    from regbench.campaign.choosing import Wanted
    from regbench.campaign.plugins import defined

    path, _, settings = str(file).partition("[")
    found = defined(path, "try", ("methods", "regularizers", "wrappers"))
    wanted = Wanted(
        names=[benchmark] if benchmark else [],
        file=benchmarks,
        datasets=dataset or (),
        seeds=asked.numbers(seed, "seed"),
        changes=asked.changes(None, epochs),
        db=db,
    )
    brackets = f"[{settings}" if settings else ""
    trial = trying.trial(found, wanted, base=on, settings=brackets, against=against or ())
    beside = None if with_ == NONE else with_
    trying.check_others(trial, db, beside)
    _check_first(found, on)
    _train(trial, db, budget, devices, workers)
    verdict = trying.judge(trial, db, beside, say)
    again = following.command("try", *_words(file, benchmark, against, on, budget, dataset, seed, epochs))
    again += _rest(with_, db, benchmarks)
    if json:
        data_ = {**verdict.data(), "file": found.name, "latex": _latex(verdict), "command": again}
        return emit_json("try", data_, verdict.sources)
    if format_ != "table":
        return emit(_table(verdict, format_))
    return emit(_page(verdict, again))


def _check_first(found: "Defined", on: str) -> None:
    """Ask the first promise, so that an error in the file is told before anything is trained."""
    from regbench import contract, variants
    from regbench.campaign.plugins import loaded
    from regbench.errors import Mismatch

    loaded(found)
    of = contract.subject(found.kind, found.name, base=variants.bare(on))
    outcome = contract.ask(contract.promises(found.kind)[0], of)
    if outcome.outcome == "broken":
        where = f", line {outcome.line}" if outcome.line else ""
        raise Mismatch(
            f"{of.path}{where}: expected {outcome.expected}, found {outcome.found}; {outcome.remedy}; "
            f"{following.command('check-plugin', str(of.path))} says more"
        )


def _train(trial: "Trial", db: str, budget: str, devices: str | None, workers: int | None) -> None:
    """Train the missing jobs of the row."""
    from regbench.campaign.campaign import Campaign
    from regbench.cli.events import Listener

    request = asked.request(None, budget, retry_failed=True, choose_again=False)
    with Listener() as listener:
        campaign = Campaign(db, asked.slots(devices, workers), request, listener)
        campaign.prepare()
        planned = campaign.plans([trial.benchmark])
        for _, plan in planned:
            say("\n".join(plans.summary(plan)))
        results = campaign.train(planned)
    results.check_interruption()
    results.check_failures()
    if not results.is_measured:
        results.check_obstacles()
    (done, *_) = results.benchmarks
    say(f"{amount(results.finished, 'job')} of {trial.label} trained in {duration(done.summary.seconds)}")


def _words(
    file: Path,
    benchmark: str | None,
    against: list[str] | None,
    on: str,
    budget: str,
    dataset: list[str] | None,
    seed: list[str] | None,
    epochs: int | None,
) -> list[str]:
    """The words of this command, without those that are at their defaults."""
    given: list[tuple[str, Any]] = [("--against", each) for each in against or ()]
    given += [("--on", on)] if on != "lsq" else []
    given += [("--budget", budget)]
    given += [*(("--dataset", each) for each in dataset or ()), *(("--seed", each) for each in seed or ())]
    given += [("--epochs", epochs)] if epochs else []
    first = [str(file), *([benchmark] if benchmark else [])]
    return [*first, *(str(word) for pair in given for word in pair)]


def _rest(with_: str, db: str, benchmarks: Path | None) -> str:
    import shlex

    from regbench.campaign.places import option

    words = ["--with", with_] if with_ != PUBLISHED else []
    words += ["--file", str(benchmarks)] if benchmarks else []
    return (f" {shlex.join(words)}" if words else "") + option(db)


def _page(verdict: "Verdict", again: str) -> str:
    """The verdict as one page: comparisons, scores, unseen rows, a LaTeX row and the command that shows it again."""
    from regbench import reports

    report = reports.load("comparison")
    parts = [reports.show(report, each, width=width()) for each in verdict.comparisons]
    parts += _lines("CRPS (of a point prediction it is the MAE)", verdict.crps)
    parts += _lines("RMSE on rows whose inputs no training row has", verdict.unseen)
    parts.append("\n".join(verdict.sources))
    if row := _latex(verdict):
        parts.append(f"{paint('as a row in LaTeX', 'bold')} (--format latex prints the table)\n{row}")
    parts.append(f"{paint('again', 'bold')}: {again}")
    return "\n\n".join(parts)


def _lines(title: str, comparisons: "tuple[Comparison, ...]") -> list[str]:
    """One line per comparison of another metric, or of other rows, below a title; nothing without any."""
    if not comparisons:
        return []
    said = [f"against {each.b}: {each.sentence}" for each in comparisons]
    return ["\n".join([paint(title, "bold"), *said])]


def _table(verdict: "Verdict", format_: str) -> str:
    """The row and those it is compared with, as the table of a report."""
    from regbench import reports

    trial = verdict.trial
    base = "lsq" if (verdict.cells["variant"] == "lsq").any() else None
    given = reports.Options(benchmark=trial.benchmark.name, normalize=base)
    report = reports.load("normalized")
    return reports.show(report, report.compute(verdict.cells, given), format=format_)


def _latex(verdict: "Verdict") -> str:
    """The line of the row in the LaTeX table."""
    name = verdict.trial.label.replace("_", r"\_")
    lines = [" ".join(line.split()) for line in _table(verdict, "latex").splitlines()]
    return next((line for line in lines if line.startswith(name) and "&" in line), "")
