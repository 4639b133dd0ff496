"""`regbench run`: train what is missing."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.grid import choose
from regbench.cli.output import amount, columns, duration, emit, emit_json, paint, say
from regbench.cli.plan import after, as_data, as_text, headline, left_out, slots
from regbench.cli.planner import Planner
from regbench.cli.reading import shown
from regbench.errors import (
    DataUnavailable,
    InfrastructureError,
    Interrupted,
    JobsFailed,
    Mismatch,
    RegbenchError,
    UsageError,
)

if TYPE_CHECKING:
    from regbench.cli.grid import Chosen
    from regbench.runner import Plan, Summary


def run(
    benchmarks: Annotated[
        list[str] | None,
        typer.Argument(metavar="BENCHMARK", show_default=False, autocompletion=options.complete_benchmarks),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every benchmark of the file, the cheapest first.")] = False,
    dataset: options.Datasets = None,
    method: options.Methods = None,
    k: options.Ks = None,
    seed: options.Seeds = None,
    epochs: options.Epochs = None,
    settings: options.Settings = None,
    data: options.OwnData = None,
    target: options.Target = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan and stop.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try jobs again that failed with this code.")
    ] = False,
    budget: options.Budget = None,
    shard: options.Shard = None,
    choose_again: options.ChooseAgain = False,
    verify_packing: options.VerifyPacking = None,
    devices: options.Devices = None,
    workers: options.Workers = None,
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Train what is missing; running twice trains nothing.

    Without a name the benchmarks are listed. --epochs and --set make a variant with a name of its own,
    such as smoke[epochs=20]; --dataset, --method, --k and --seed choose jobs and make none.
    Ctrl-C stops at once; the same command goes on from there. A benchmark that chooses its values
    completes the sweeps it chooses from first; a choice that was made is kept.

    Examples:
      regbench run smoke
      regbench run bridges-fixed --k 25 --seed 0 --seed 1 --epochs 20
      regbench run --all --dry-run
      regbench run bridges-fixed --budget 1h30m
      regbench run smoke --data house.csv --target price
    """
    chosen = choose(
        benchmarks,
        every=every,
        file=file,
        datasets=dataset,
        methods=method,
        k=k,
        seeds=seed,
        epochs=epochs,
        settings=settings,
        data=data,
        target=target,
    )
    found = slots(devices, workers)
    share = _share(verify_packing)
    if not dry_run:
        make_ready(db)
    planner = Planner(db, found, retry_failed=retry_failed, shard=shard, choose_again=choose_again)
    planned = planner.all(chosen, budget)
    if dry_run and json:
        return emit_json("run", [as_data(plan) for _, plan in planned])
    if dry_run:
        return emit("\n".join(as_text(plan) for _, plan in planned))
    for _, plan in planned:
        say("\n".join([headline(plan), *after(plan), *plan.notes]))
        if plan.left_out:
            say(left_out(plan))
    results = run_all(planned, planner)
    if json:
        emit_json("run", [_as_data(each, summary) for each, summary in results])
    else:
        for each, summary in results:
            emit(_as_text(each, summary))
    if share and not any(summary.interrupted for _, summary in results):
        _verify(results, db, share, found)
    return _conclude(results, db, every=every)


def make_ready(db: str) -> None:
    """Make the database, or upgrade an older one, before anything is planned on it."""
    from regbench.store import Store

    Store.open(db).close()


def _share(text: str | None) -> float | None:
    """The share that `1%` or `0.01` stands for.

    >>> _share("1%"), _share("0.5")
    (0.01, 0.5)
    """
    if text is None:
        return None
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--verify-packing {text}: write a share above 0 and up to all, such as 1%")
    return share


def _verify(results: "list[tuple[Plan, Summary]]", db: str, share: float, devices: list[str]) -> None:
    """Retrain some jobs alone; `Mismatch` where a number depends on what it was packed with."""
    from regbench import runner

    found = [each for plan, _ in results for each in runner.verify_packing(plan, db, share, devices=devices)]
    wrong = [each for each in found if not each.ok]
    if wrong:
        worst = max(wrong, key=lambda each: each.worst)
        raise Mismatch(
            f"{amount(len(wrong), 'job')} of {len(found)} retrained alone gave other numbers than in their packs: "
            f"{worst.label} differs by up to {worst.worst:.1e}"
        )
    alike = sum(each.worst == 0 for each in found)
    say(f"verified: {amount(len(found), 'job')} retrained alone, {alike:,} bit for bit as in their packs")


def run_all(planned: "list[tuple[Chosen, Plan]]", planner: Planner) -> "list[tuple[Plan, Summary]]":
    """Run the benchmarks one after the other, each with its sweeps before it; an interruption ends the row."""
    results: list[tuple[Plan, Summary]] = []
    for each, plan in planned:
        if each.benchmark.sweep or each.benchmark.choose:
            results += _in_rounds(each, plan, planner)
        else:
            results.append(_train(plan, planner))
        if any(summary.interrupted for _, summary in results):
            break
    return results


def _in_rounds(chosen: "Chosen", plan: "Plan", planner: Planner) -> "list[tuple[Plan, Summary]]":
    """Train what a sweep can train now, look at what came of it, and so on; then what was chosen."""
    from regbench import runner
    from regbench.store import Store

    started, budget_s = time.monotonic(), plan.budget_s
    if chosen.benchmark.choose:
        with Store.open(planner.db) as store:
            runner.announce(plan, store)
    rounds = runner.Rounds()
    found: dict[str, tuple[Plan, Summary]] = {}
    while True:
        step = rounds.next(plan)
        if step is None and plan.benchmark in found:
            break
        if step and (found or step is not plan):
            say(headline(step))
        step = step or plan  # at the end, if only to say that nothing is left
        if step is plan and chosen.benchmark.choose:
            with Store.open(planner.db) as store:
                runner.keep_choices(plan, store, choose_again=planner.choose_again)
        done = _train(step, planner)
        found[step.benchmark] = _together(found.get(step.benchmark), done)
        if done[1].interrupted:
            break
        left = None if budget_s is None else max(0.0, budget_s - (time.monotonic() - started))
        plan = planner.plan(chosen, left)
    return list(found.values())


def _together(before: "tuple[Plan, Summary] | None", now: "tuple[Plan, Summary]") -> "tuple[Plan, Summary]":
    """Two rounds of one benchmark as one: what was done before the first, and what both did."""
    if before is None:
        return now
    (first, one), (last, other) = before, now
    summary = replace(
        other,
        finished=one.finished + other.finished,
        diverged=[*one.diverged, *other.diverged],
        failed={**one.failed, **other.failed},
        blocked={**one.blocked, **other.blocked},
        seconds=one.seconds + other.seconds,
    )
    return replace(last, done=first.done & {job.key for job in last.jobs}), summary


def _train(planned: "Plan", planner: Planner) -> "tuple[Plan, Summary]":
    """Run one plan."""
    from regbench import runner
    from regbench.cli.progress import Display

    plan = runner.fetch_missing(planned, say=lambda name: say(f"fetching {name}"))
    for why in (*plan.blocked.values(), *plan.uninstalled.values()):
        say(f"blocked: {why}")
    if not plan.packs:
        say(f"{plan.benchmark}: nothing to train")
    with Display(plan) as display:
        return plan, runner.run(plan, planner.db, devices=planner.devices, on_event=display)


def _conclude(results: "list[tuple[Plan, Summary]]", db: str, *, every: bool) -> None:
    """The next command to try, or the error that the results amount to."""
    interrupted = any(summary.interrupted for _, summary in results)
    failures = [failure for _, summary in results for failure in summary.failed.values()]
    blocked = {dataset for plan, _ in results for dataset in plan.blocked}
    uninstalled = dict.fromkeys(why for plan, _ in results for why in plan.uninstalled.values())
    if interrupted:
        raise Interrupted(
            f"interrupted; what was finished is kept in {shown(db)}, and the same command goes on from there"
        )
    names = [plan.benchmark for plan, _ in results]
    chosen = f" --benchmark '{names[-1]}'" if len(names) > 1 else ""
    other = "" if db == options.DATABASE else f" --db {shown(db)}"
    measured = any(summary.finished or plan.done for plan, summary in results)
    if measured:
        report = "sweep" if results[-1][0].is_sweep else "--normalize lsq"
        say(f"next: regbench report {report}{chosen}{other}")
    if failures:
        raise verdict(failures, other)
    if uninstalled and not measured and not every:
        raise InfrastructureError("; ".join(uninstalled))
    if blocked and not every:
        raise DataUnavailable(f"no data for {', '.join(sorted(blocked))}" + "; all other jobs have run" * measured)


def verdict(failures: Sequence[tuple[str, str]], other: str = "") -> RegbenchError:
    """What failures (class, error) amount to: where the machine is to blame for all, its own error and exit code.

    >>> verdict([("infrastructure", "the disk is full")]).exit_code, verdict([("user code", "no such thing")]).exit_code
    (7, 3)
    """
    count = amount(len(failures), "job")
    if all(kind == "infrastructure" for kind, _ in failures):
        return InfrastructureError(f"{count} could not be trained: {failures[0][1]}")
    return JobsFailed(f"{count} failed; see `regbench status{other}`, then run again with --retry-failed")


def _as_data(plan: "Plan", summary: "Summary") -> dict[str, Any]:
    return {
        **as_data(plan),
        "finished": summary.finished,
        "failed": {key: {"class": kind, "error": error} for key, (kind, error) in summary.failed.items()},
        "diverged": summary.diverged,
        "interrupted": summary.interrupted,
        "seconds_taken": summary.seconds,
    }


def _as_text(plan: "Plan", summary: "Summary") -> str:
    parts = [f"{amount(_count(summary.finished), 'job')} finished", f"{len(plan.done):,} done before"]
    if plan.blocked:
        waiting = sum(job.dataset in plan.blocked for job in plan.jobs)
        parts.append(paint(f"{waiting:,} blocked for want of data", "yellow"))
    if plan.pending:
        parts.append(paint(f"{len(plan.pending):,} wait for a choice", "yellow"))
    if waiting := sum(job.method in plan.uninstalled and job.dataset not in plan.blocked for job in plan.jobs):
        parts.append(paint(f"{waiting:,} blocked for want of a package", "yellow"))
    if summary.failed:
        parts.append(paint(f"{len(summary.failed):,} failed", "red"))
    if count := _count(summary.diverged):
        parts.append(paint(f"{count:,} diverged (a result, shown as missing)", "yellow"))
    text = f"{plan.benchmark}: {', '.join(parts)}, in {duration(summary.seconds)}"
    if not summary.failed:
        return text
    rows = [[key[:8], kind, error.partition("\n")[0]] for key, (kind, error) in summary.failed.items()]
    return f"{text}\n{columns(rows, header=['job', 'class', 'error'])}"


def _count(value: Any) -> int:
    return value if isinstance(value, int) else len(value)
