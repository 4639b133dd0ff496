"""`regbench bench`: the training speed of this machine, compared with plain PyTorch loops."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.output import columns, emit, emit_json, say
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.bench.overheads import Overhead
    from regbench.bench.speed import Bench, Speed

Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help="Only this method; may be repeated.",
        autocompletion=options.complete_methods,
    ),
]
HEADER = ["dataset", "method", "steps/s", "vs idiomatic", "vs no loader", "of floor", "of fastest"]


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="All shapes and methods in under a minute.")] = False,
    overheads: Annotated[
        bool, typer.Option("--overheads", help="Measure planning, database, reports and start-up instead of training.")
    ] = False,
    dataset: options.Datasets = None,
    method: Methods = None,
    json: options.Json = False,
) -> int:
    """Measure how fast this machine trains, compared with plain PyTorch loops and with its matrix products alone.

    Shows model-steps per second of one core on the shape of every dataset, with synthetic rows; the speed-up over one
    module per job with a DataLoader, and without one; and the fraction of the time spent in matrix products.

    Examples:
      regbench bench --quick
      regbench bench --dataset diamonds --method end2end
      regbench bench --overheads
      regbench bench --json > bench.json
    """
    if overheads:
        return _overheads(json=json)
    from regbench import catalog

    datasets = [catalog.resolve("datasets", name) for name in dataset or _real()]
    chosen = [catalog.resolve("methods", name) for name in method or []]
    from regbench.bench.shapes import METHODS

    if untimed := [name for name in chosen if name not in METHODS]:
        raise UsageError(f"{untimed[0]}: only methods with a plain PyTorch loop are timed: {', '.join(METHODS)}")
    say(f"regbench: measuring, {'under a minute' if quick else 'several minutes'}; best done on an idle machine")
    from regbench.bench.speed import QUICK, THOROUGH, measure

    found = measure(datasets, chosen or METHODS, QUICK if quick else THOROUGH, lambda speed: say(_said(speed)))
    if json:
        emit_json("bench", as_data(found))
    else:
        emit(as_text(found))
    return 0


def _real() -> list[str]:
    """The datasets that are not synthetic: those of the paper's Table 1."""
    from regbench import catalog

    names = catalog.names("datasets")
    return [name for name in names if not catalog.entry("datasets", name).arguments.get("synthetic")]


def as_data(bench: "Bench") -> dict[str, Any]:
    """The measurements as plain data, for JSON."""
    from regbench.bench.speed import RATIOS

    lines = ("dataset", "method", "steps_per_second", *RATIOS)
    detail = (
        "dataset",
        "method",
        "inputs",
        "batch_size",
        "jobs",
        "ours",
        "idiomatic",
        "no_loader",
        "floor",
        "fastest_floor",
    )
    return {
        "shapes": [{name: getattr(speed, name) for name in lines} for speed in bench.speeds],
        "geometric_mean": bench.means(),
        "geometric_mean_of_tables": bench.means(images=False),
        "seconds_per_model_step": [{name: getattr(speed, name) for name in detail} for speed in bench.speeds],
        "machine": bench.machine,
        "settings": bench.settings,
        "data": "synthetic",
    }


def as_text(bench: "Bench") -> str:
    """The measurements as a table."""
    means = [("all", bench.means())]
    if {len(speed.inputs) for speed in bench.speeds} == {1, 3}:
        means.insert(0, ("tables", bench.means(images=False)))
    rows = [_cells(speed) for speed in bench.speeds]
    rows += [["geometric mean", name, None, *_ratios(**values)] for name, values in means]
    machine = bench.machine
    where = f"{machine['processor']}, one thread, torch {machine['torch']}, synthetic data"
    return f"{columns(rows, header=HEADER)}\n{where}"


def _said(speed: "Speed") -> str:
    """A progress message."""
    return f"{speed.dataset} {speed.method}: {speed.steps_per_second:,.0f} model-steps/s"


def _cells(speed: "Speed") -> list[Any]:
    ratios = _ratios(speed.vs_idiomatic, speed.vs_no_loader, speed.of_floor, speed.of_fastest_floor)
    return [speed.dataset, speed.method, round(speed.steps_per_second), *ratios]


def _ratios(vs_idiomatic: float, vs_no_loader: float, of_floor: float, of_fastest_floor: float) -> list[str]:
    return [f"{vs_idiomatic:12.2f}", f"{vs_no_loader:12.2f}", f"{of_floor:8.0%}", f"{of_fastest_floor:10.0%}"]


def _overheads(*, json: bool) -> int:
    say("regbench: measuring the overheads around training; a few minutes")
    from regbench.bench.overheads import measure

    found = list(measure(lambda name: say(f"  {name}")))
    if json:
        emit_json("bench", {"overheads": [{**asdict(overhead), "is_met": overhead.is_met} for overhead in found]})
        return 0
    rows = [
        [overhead.name, _amount(overhead, overhead.value), _bound(overhead), "ok" if overhead.is_met else "missed"]
        for overhead in found
    ]
    emit(columns(rows, header=["overhead", "measured", "target", ""]))
    for overhead in found:
        say(f"{overhead.name}: {overhead.how}")
    return 0


def _bound(overhead: "Overhead") -> str:
    return f"{'≥' if overhead.is_rate else '≤'} {_amount(overhead, overhead.target)}"


def _amount(overhead: "Overhead", value: float) -> str:
    if not overhead.unit:
        return f"{value:.1%}"
    return f"{value:,.0f} {overhead.unit}" if overhead.is_rate else f"{value:.2f} {overhead.unit}"
