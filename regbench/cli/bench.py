"""`regbench bench`: the training speed of this machine, compared with other loops, and the cost of a grid."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import completing, costs, grids, options, profiles
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
        autocompletion=completing.methods,
    ),
]
COLUMNS = {  # the ratios of the table: heading, width, and whether it is a fraction
    "vs_idiomatic": ("vs idiomatic", 12, False),
    "vs_no_loader": ("vs no loader", 12, False),
    "vs_packed_torch": ("vs packed", 9, False),
    "vs_compiled_torch": ("vs compiled", 11, False),
    "vs_packed_jax": ("vs JAX", 6, False),
    "of_floor": ("of floor", 8, True),
    "of_fastest_floor": ("of fastest", 10, True),
}


class Peer(StrEnum):
    """The sides that need something installed, see `regbench.bench.peers.sides`."""

    compiled = "compiled"
    jax = "jax"


def bench(
    quick: Annotated[
        bool | None,
        typer.Option(
            "--quick/--thorough",
            help="Few rounds: all shapes and methods in two to three minutes; the default of --grid.",
        ),
    ] = None,
    overheads: Annotated[
        bool, typer.Option("--overheads", help="Measure planning, database, reports and start-up instead of training.")
    ] = False,
    grid: Annotated[
        str | None,
        typer.Option(
            "--grid",
            metavar="BENCHMARK",
            help="Measure what the whole grid of this benchmark costs on this machine.",
            autocompletion=completing.benchmarks,
        ),
    ] = None,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Measure where the time of a step goes: products, masks, loss, optimiser."),
    ] = False,
    regularizers: Annotated[
        bool,
        typer.Option("--regularizers", help="Measure time and memory that regularizers and wrappers add to a step."),
    ] = False,
    peer: Annotated[
        list[Peer] | None,
        typer.Option(
            "--peer",
            help="Compare with this too: `compiled` needs a C++ compiler, `jax` needs JAX; may be repeated.",
        ),
    ] = None,
    dataset: options.Datasets = None,
    method: Methods = None,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> int:
    """Measure how fast this machine trains, compared with other training loops and with its matrix products alone.

    Shows model-steps per second of one core on the shape of every dataset, with synthetic rows; the speed-up over one
    PyTorch module per job with a DataLoader, and without one, and over all jobs of a pack stacked with torch.func; and
    the fraction of the time spent in matrix products. With --peer also the speed-up over the stacked jobs with
    torch.compile, and over a packed loop in JAX.

    With --profile: the microseconds of a step of our loop by what they are spent on, and the largest item beyond the
    matrix products alone; any method may be named.

    With --regularizers: microseconds of a step of least squares without and with each regularizer and wrapper, in a
    pack of ten and alone, and the peak memory of the process.

    With --grid: core-hours and hours of a whole benchmark, by a step of each method and k on each shape.

    Examples:
      regbench bench --quick
      regbench bench --dataset diamonds --method end2end
      regbench bench --peer compiled --peer jax
      regbench bench --grid bridges-fixed
      regbench bench --profile --method soft_binning
      regbench bench --overheads
      regbench bench --json > bench.json
    """
    _check_combination(overheads=overheads, grid=grid, profile=profile, regularizers=regularizers, peers=peer)
    if overheads:
        return _overheads(json=json)
    if grid is not None:
        return grids.show(grid, datasets=dataset, methods=method, is_quick=quick is not False, file=file, json=json)
    from regbench import catalog

    if regularizers:
        if method:
            raise UsageError(f"--method {method[0]}: what regularizers add is measured with least squares")
        return costs.show([catalog.resolve("datasets", name) for name in dataset or ()], json=json)
    datasets = [catalog.resolve("datasets", name) for name in dataset or _real()]
    chosen = [catalog.resolve("methods", name) for name in method or []]
    if profile:
        return profiles.show(datasets, chosen, is_quick=bool(quick), json=json)
    from regbench.bench.shapes import METHODS

    if untimed := [name for name in chosen if name not in METHODS]:
        raise UsageError(f"{untimed[0]}: only methods with a plain PyTorch loop are timed: {', '.join(METHODS)}")
    peers = [name.value for name in peer or []]
    say(f"regbench: measuring, {_how_long(is_quick=bool(quick), peers=peers)}; best done on an idle machine")
    from regbench.bench.speed import QUICK, THOROUGH, measure

    found = measure(
        datasets,
        chosen or METHODS,
        QUICK if quick else THOROUGH,
        lambda speed: say(_said(speed)),
        peers=peers,
        on_note=lambda text: say(f"regbench: {text}"),
    )
    if json:
        emit_json("bench", as_data(found), found.notes)
    else:
        emit(as_text(found))
    return 0


def _check_combination(
    *, overheads: bool, grid: str | None, profile: bool, regularizers: bool, peers: Sequence[Peer] | None
) -> None:
    given = {"overheads": overheads, "grid": grid is not None, "profile": profile, "regularizers": regularizers}
    others = [name for name, is_given in given.items() if is_given]
    if len(others) > 1:
        raise UsageError(f"--{others[0]} and --{others[1]} measure different things; give one of them")
    if peers and others:
        raise UsageError(f"--peer {peers[0].value}: other loops are compared without --{others[0]}")


def _how_long(*, is_quick: bool, peers: Sequence[str]) -> str:
    """The likely time for all shapes and methods."""
    compiling = ", and many to compile" if "compiled" in peers else ""
    return ("two to three minutes" if is_quick else "several minutes") + compiling


def _real() -> list[str]:
    """The datasets of the first paper's Table 1."""
    from regbench import catalog
    from regbench.papers.bridges import DATASETS

    names = catalog.names("datasets")
    return [name for name in names if catalog.entry("datasets", name).arguments.get("alias") in DATASETS]


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
        "packed_torch",
        "compiled_torch",
        "packed_jax",
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
    shown = [ratio for ratio in COLUMNS if any(getattr(speed, ratio) is not None for speed in bench.speeds)]
    rows = [_cells(speed, shown) for speed in bench.speeds]
    rows += [["geometric mean", name, None, *_ratios(values, shown)] for name, values in means]
    machine = bench.machine
    jax = f", JAX {machine['jax']}" if "jax" in machine else ""
    where = f"{machine['processor']}, one thread, torch {machine['torch']}{jax}, synthetic data"
    header = ["dataset", "method", "steps/s", *(COLUMNS[ratio][0] for ratio in shown)]
    return "\n".join([columns(rows, header=header), where, *bench.notes])


def _said(speed: "Speed") -> str:
    """A progress message."""
    return f"{speed.dataset} {speed.method}: {speed.steps_per_second:,.0f} model-steps/s"


def _cells(speed: "Speed", shown: Sequence[str]) -> list[Any]:
    ratios = {ratio: getattr(speed, ratio) for ratio in shown}
    return [speed.dataset, speed.method, round(speed.steps_per_second), *_ratios(ratios, shown)]


def _ratios(values: Mapping[str, float | None], shown: Sequence[str]) -> list[str]:
    return [_ratio(values[ratio], *COLUMNS[ratio][1:]) for ratio in shown]


def _ratio(value: float | None, width: int, is_fraction: bool) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}{'.0%' if is_fraction else '.2f'}}"


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
