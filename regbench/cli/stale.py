"""`regbench stale`: the finished jobs that the present code has outgrown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from regbench.campaign.places import option, stored_benchmark
from regbench.cli import following, options
from regbench.cli.output import amount, columns, emit, emit_json, say, short, short_commit
from regbench.cli.reading import reading
from regbench.errors import some

if TYPE_CHECKING:
    from regbench.campaign.stale import Since, Stale

SHOWN = 25  # names shown of one list; --json has all


def stale(
    benchmark: options.Benchmark = None,
    method: options.Methods = None,
    why: Annotated[
        bool, typer.Option("--why", help="Name the definitions that changed since, from regbench's own repository.")
    ] = False,
    from_: options.Folder = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Show which finished jobs the present code has outgrown, so that `regbench run` would train them again.

    A job is stale if a definition that its numbers depend on has changed since, and nothing has shown that both compute
    the same (`regbench db adopt`), or if its method or its data are no longer the same. All benchmarks unless one is
    named. Nothing is trained and nothing is changed.

    Examples:
      regbench stale
      regbench stale --why
      regbench stale -b bridges --method soft_binning --why
      regbench stale --from results/published/bridges/fixed
    """
    from regbench import config
    from regbench.campaign import stale as outgrown
    from regbench.store import Part

    part = Part(every_epoch=False, names=(), predictions=False, recorded=False, failures=False) if from_ else None
    methods = [config.parse_variant(name).method for name in method or ()]
    with reading(db, from_, part) as store:
        found = outgrown.find(store, stored_benchmark(store, benchmark), methods=methods)
    reasons = outgrown.explain(found.groups) if why else []
    if json:
        because = {id(group): reason.data() for group, reason in reasons}
        groups = [{**group.data(), "difference": because.get(id(group))} for group in found.groups]
        counts = {"stale": found.jobs, "current": found.current, "adopted": found.adopted}
        return emit_json("stale", {**counts, "groups": groups})
    _show(found)
    for one in outgrown.since(reasons):
        _explain(one)
    if found.groups and from_ is None:
        _next(found, db, why=why)
    return None


def _show(found: "Stale") -> None:
    rows = [
        [
            group.row,
            group.backbone,
            len(group.jobs),
            len(group.datasets),
            short(group.old),
            short_commit(group.commit, dirty=group.dirty),
            group.why or "other code",
        ]
        for group in found.groups
    ]
    if rows:
        emit(columns(rows, header=["method", "backbone", "jobs", "datasets", "code", "commit", "why"]))
    adopted = f", {found.adopted:,} of them by code shown to compute the same" if found.adopted else ""
    emit(f"{amount(found.jobs, 'finished job')} stale, {found.current:,} current{adopted}")


def _explain(one: "Since") -> None:
    jobs = sum(len(group.jobs) for group in one.groups)
    emit(f"\nsince commit {one.commit[:10] if one.commit else 'unknown'}, {amount(jobs, 'job')}:")
    for said in one.said:
        emit(f"  {said}")
    for places, names in one.shared:
        emit(f"  {some(one.concerned(places))}:")
        _names(names, "    ")
    if not one.shared and not one.said:
        emit("  no definition differs")


def _names(names: Sequence[tuple[str, str]], indent: str) -> None:
    for what, name in names[:SHOWN]:
        emit(f"{indent}{what:<8} {name}")
    if len(names) > SHOWN:
        emit(f"{indent}... and {len(names) - SHOWN:,} more; --json has all")


def _next(found: "Stale", db: str, *, why: bool) -> None:
    from regbench.kinds import is_ours

    ours = [group for group in found.groups if is_ours(group.jobs[0].method)]
    commit = next((group.commit for group in ours if group.commit and not group.dirty), None)
    if not why:
        say(f"next: {following.command('stale', '--why')}{option(db)}")
    elif commit:
        adopt = f"{following.command('db', 'adopt', '--from', commit[:10])}{option(db)}"
        say(f"next: {adopt} shows whether both compute the same; `regbench run` trains them again")
