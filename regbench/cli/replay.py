"""`regbench replay JOB…`: train finished jobs again, and compare with what is stored."""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import asked, completing, options
from regbench.cli.output import emit, emit_json, say
from regbench.cli.reading import reading
from regbench.errors import JobsFailed, Mismatch, UsageError

if TYPE_CHECKING:
    from regbench.campaign.replay import Asked, Chosen, Replayed
    from regbench.store import Part

UNDECIDED = 5


def replay(
    jobs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JOB...",
            help="The key of a job, or its first six letters or more; or a cell, such as `soft_binning`.",
            autocompletion=completing.cells,
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", min=1, help="Draw N finished jobs, spread over datasets and methods."),
    ] = None,
    draw: Annotated[
        int, typer.Option("--draw", metavar="SEED", min=0, help="Another number draws another sample.")
    ] = 0,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="The dataset, by name or alias; needed where the cell was run on several.",
            autocompletion=completing.datasets,
        ),
    ] = None,
    k: options.Ks = None,
    seed: options.Seeds = None,
    benchmark: options.Benchmark = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            callback=options.checked("read_duration"),
            metavar="TIME",
            help="Only the jobs that should fit, such as 15m.",
        ),
    ] = None,
    devices: options.Devices = None,
    workers: options.Workers = None,
    from_: options.Folder = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> int:
    """Train finished jobs again, and compare with what is stored; nothing is written into the database.

    In the same environment (processor, versions, flags, equal code) every number of every stored epoch must be the same
    to the last bit. In another one the deciding metric at the best epoch must lie in the 99.9 % band in which one more
    seed of the cell falls; with fewer than five seeds there is no band, which is said. A contradiction exits with 8;
    5 means that nothing could be judged.
    --sample draws from all finished jobs, or from those of --benchmark; the same --draw draws the same again.

    Examples:
      regbench replay 3f2a1c98
      regbench replay soft_binning --dataset CA --seed 0
      regbench replay --sample 8 --from results/published/bridges/fixed --budget 15m
      regbench replay --sample 8 --draw 1 --benchmark smoke --json
    """
    from regbench.campaign.replay import choose
    from regbench.campaign.replay import replay as train
    from regbench.cli import replaying  # here: it imports pandas
    from regbench.engines.local import LocalEngine
    from regbench.runner.plan.resources import of_this_machine

    wanted = _asked(jobs, benchmark, dataset, asked.numbers(k, "k"), asked.numbers(seed, "seed"), sample, draw, budget)
    with reading(db, from_, _part() if from_ else None) as store:
        slots = asked.slots(devices, workers)
        chosen = choose(store, wanted, of_this_machine(slots))
        say("\n".join(replaying.head(chosen, wanted)))
        found: list[Replayed] = []
        for each in train(store, chosen, partial(LocalEngine, slots), wanted.budget_s):
            found.append(each)
            if not json:
                emit(replaying.line(each))
    over = len(chosen.candidates) - len(found)
    text = replaying.verdict(found, over)
    if json:
        emit_json("replay", _data(chosen, wanted, found, over), [text])
    else:
        emit(text)
    return _conclude(found)


def _asked(
    names: list[str] | None,
    benchmark: str | None,
    dataset: str | None,
    k: list[int],
    seeds: list[int],
    sample: int | None,
    draw: int,
    budget: str | None,
) -> "Asked":
    from regbench.campaign.replay import Asked
    from regbench.config.amounts import read_duration

    if len(k) > 1:
        raise UsageError("a cell has one k; give --k once")
    seconds = None if budget is None else read_duration(budget)
    return Asked(tuple(names or ()), benchmark, dataset, k[0] if k else None, tuple(seeds), sample, draw, seconds)


def _part() -> "Part":
    """The part of a folder's runs that is compared: every number, but neither predictions nor arrays."""
    from regbench.store import Part

    return Part(predictions=False, recorded=False, failures=False)


def _data(chosen: "Chosen", wanted: "Asked", found: "list[Replayed]", over: int) -> dict[str, Any]:
    return {
        "sample": wanted.sample,
        "draw": wanted.draw,
        "pool": chosen.pool,
        "left_out": chosen.left_out,
        "planned_seconds": chosen.seconds,
        "not_begun": over,
        "verdicts": dict(Counter(each.verdict for each in found)),
        "jobs": [each.data() for each in found],
    }


def _conclude(found: "list[Replayed]") -> int:
    """The exit code, or the error that has it."""
    from regbench.campaign.replay.judge import FAILED, NO_BAND, WRONG

    wrong = [each for each in found if each.verdict in WRONG]
    if wrong:
        raise Mismatch(f"{len(wrong)} of {len(found)} replayed differ from what is stored: {wrong[0].label}")
    if failed := [each for each in found if each.verdict == FAILED]:
        raise JobsFailed(f"{len(failed)} of {len(found)} could not be trained: {failed[0].label}: {failed[0].error}")
    return UNDECIDED if all(each.verdict == NO_BAND for each in found) else 0
