"""Show a plan as text or JSON data."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from regbench.cli.output import amount, columns, duration
from regbench.errors import some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from regbench.job import Job
    from regbench.runner import Estimate, Plan


def as_data(plan: "Plan") -> dict[str, Any]:
    """A plan as data for JSON."""
    return {
        "benchmark": plan.benchmark,
        "jobs": len(plan.jobs) + len(plan.ahead.pending),
        "done": len(plan.inventory.done),
        "outgrown": {"jobs": len(plan.inventory.outgrown), "commits": _commits(plan)},
        "to_train": plan.to_train,
        "packs": [
            {
                "dataset": pack.jobs[0].dataset,
                "jobs": len(pack.jobs),
                "methods": sorted({job.method for job in pack.jobs}),
                "epochs": pack.jobs[0].protocol.epochs,
            }
            for pack in plan.packs
        ],
        "to_fetch": plan.inventory.missing,
        "blocked": plan.inventory.blocked,
        "uninstalled": plan.inventory.uninstalled,
        "failed": {key: {"class": kind, "error": error} for key, (kind, error) in plan.inventory.failed.items()},
        "seconds": _seconds(plan.price.estimate),
        "seconds_rest_on": plan.price.estimate.basis,
        "memory_bytes": plan.price.memory_bytes,
        "memory_free_bytes": plan.price.free_bytes,
        "budget_seconds": plan.asked.request.budget_s,
        "left_out": Counter(job.dataset for job in plan.left_out),
        "shard": plan.asked.request.shard,
        "tables": own_tables(plan.jobs),
        "sweeps": [as_data(sweep) for sweep in plan.ahead.sweeps],
        "pending": Counter(job.dataset for job in plan.ahead.pending),
        "pending_seconds": _seconds(plan.ahead.pending_estimate),
        "later": plan.ahead.later,
        "may_extend": plan.ahead.may_extend,
        "choices": [
            {"dataset": choice.dataset, "variant": choice.variant, "k": choice.k, "values": choice.values}
            for choice in plan.ahead.choices
        ],
        "notes": plan.asked.notes,
    }


def _seconds(estimate: "Estimate | None") -> dict[str, float] | None:
    return None if estimate is None else {name: getattr(estimate, name) for name in ("low", "likely", "high")}


def as_text(plan: "Plan") -> str:
    """A plan as text, after the plans of the sweeps that it waits for."""
    every = (*plan.jobs, *plan.left_out, *plan.ahead.pending)
    jobs = Counter(job.dataset for job in every)
    done = Counter(job.dataset for job in plan.jobs if job.key in plan.inventory.done)
    to_train = Counter(job.dataset for pack in plan.packs for job in pack.jobs)
    packs = Counter(pack.jobs[0].dataset for pack in plan.packs)
    failed = Counter(job.dataset for job in plan.jobs if job.key in plan.inventory.failed)
    shown = {"jobs": jobs, "done": done, "to train": to_train, "packs": packs, "failed": failed}
    if plan.ahead.pending:
        shown["to choose"] = Counter(job.dataset for job in plan.ahead.pending)
    rows = [[name, *(count[name] for count in shown.values()), _where(name, plan)] for name in jobs]
    table = columns(rows, header=["dataset", *shown, "data"])
    lines = [*map(as_text, plan.ahead.sweeps), *about_data(plan), headline(plan), table]
    if plan.packs:
        lines.append(f"the time rests on {plan.price.estimate.rests_on}")
    lines += [f"blocked: {why}" for why in plan.inventory.uninstalled.values()]
    if plan.left_out:
        lines.append(left_out(plan))
    return "\n".join([*lines, *after(plan), *plan.asked.notes])


def summary(plan: "Plan") -> list[str]:
    """A plan in a few lines, as shown before a run."""
    return [
        *about_data(plan),
        headline(plan),
        *after(plan),
        *plan.asked.notes,
        *([left_out(plan)] if plan.left_out else []),
    ]


def about_data(plan: "Plan") -> list[str]:
    """A line on each table of the user's own, with what was left out or assumed, and one on batches that are cut."""
    return [*map(about_table, own_tables(plan.jobs)), *_cut_batches(plan)]


def about_table(table: dict[str, Any]) -> str:
    """What was understood of a table of the user's own, in one line."""
    train, val, test = table["sizes"]
    return (
        f"{table['name']}: {amount(table['rows'], 'row')}, {_inputs(table)}, target {', '.join(table['targets'])}; "
        f"{train:,} train, {val:,} validation, {test:,} test; read as {table['format']}"
        + "".join(f"; {note}" for note in table["notes"])
    )


def _inputs(table: dict[str, Any]) -> str:
    """How many inputs a table has, of which columns; categories are several inputs."""
    names = some(table["inputs"])
    if table["width"] == len(table["inputs"]):
        return f"{amount(table['width'], 'input')} ({names})"
    return f"{amount(table['width'], 'input')} of {amount(len(table['inputs']), 'column')} ({names})"


def own_tables(jobs: "Iterable[Job]") -> list[dict[str, Any]]:
    """The tables of the user's own that jobs are trained on."""
    from regbench import catalog, roots

    named = dict.fromkeys(job.dataset for job in jobs)
    said = [(name, catalog.entry("datasets", name).arguments) for name in named if roots.own_table(name)]
    return [
        {
            "name": name,
            "rows": sum(about["sizes"]),
            "inputs": list(about["origins"]),
            "width": about["inputs"],
            "target": about["target"],
            "targets": list(about["targets"] or (about["target"],)),
            "sizes": list(about["sizes"]),
            "format": about["understood"],
            "notes": list(about["notes"]),
        }
        for name, about in said
    ]


def _cut_batches(plan: "Plan") -> list[str]:
    """A line on each batch size that exceeds the training rows of its dataset."""
    from regbench import catalog, kinds

    sizes = {
        (job.dataset, job.protocol.batch_size)
        for job in plan.jobs
        if kinds.of(job.method).is_packed and job.dataset in catalog.names("datasets")
    }
    rows = {name: catalog.entry("datasets", name).arguments["sizes"][0] for name, _ in sizes}
    return [
        f"{name}: the batch size {size:,} exceeds its {amount(rows[name], 'training row')}; each step uses all of them"
        for name, size in sorted(sizes)
        if size > rows[name]
    ]


def after(plan: "Plan") -> list[str]:
    """Lines about jobs of other code, later stages of a sweep, and jobs that wait for a choice."""
    lines = [outgrown(plan)] if plan.inventory.outgrown else []
    if plan.ahead.later or plan.ahead.may_extend:
        later = f"then about {amount(plan.ahead.later, 'job')} of later stages" if plan.ahead.later else "then"
        more = "more while an optimum lies on an edge" if plan.ahead.may_extend else ""
        lines.append(
            f"{plan.benchmark}: {later}{' and ' * bool(plan.ahead.later and more)}{' ' * (not plan.ahead.later)}{more}"
        )
    if plan.ahead.pending:
        sweeps = " and ".join(sweep.benchmark for sweep in plan.ahead.sweeps)
        waits = (
            f"{plan.benchmark}: {amount(len(plan.ahead.pending), 'job')} to be trained with values chosen by {sweeps}"
        )
        lines.append(
            f"{waits}, about {duration(plan.ahead.pending_estimate.likely if plan.ahead.pending_estimate else 0)}"
        )
    return lines


def outgrown(plan: "Plan") -> str:
    """The number of jobs finished by other code, and the command that checks whether these results still hold."""
    commits = _commits(plan)
    whose = f" (commit {', '.join(commit[:7] for commit in commits)})" if commits else ""
    way = f"; `regbench db adopt --from {commits[-1][:7]}` shows whether they still hold" if commits else ""
    return (
        f"{plan.benchmark}: {len(plan.inventory.outgrown):,} of the jobs to train have been trained by other code than "
        f"this{whose}: reports show them until this code has trained them too{way}"
    )


def _commits(plan: "Plan") -> list[str]:
    return sorted({commit for commit in plan.inventory.outgrown.values() if commit})


def left_out(plan: "Plan") -> str:
    """The jobs that the budget leaves out."""
    from regbench.runner.plan.budget import summary

    return f"left out by the budget: {amount(len(plan.left_out), 'job')}: {summary(plan.left_out)}"


def _where(dataset: str, plan: "Plan") -> str:
    """Whether a dataset is here, to be fetched, or blocked."""
    if dataset in plan.inventory.blocked:
        return "blocked"
    return "to fetch" if any(dataset in part.inventory.missing for part in (plan, *plan.ahead.sweeps)) else "here"


def headline(plan: "Plan") -> str:
    """A plan in one line."""
    shard = plan.asked.request.shard
    part = " shard {}/{}".format(*shard) if shard else ""
    jobs = amount(len(plan.jobs) + len(plan.left_out) + len(plan.ahead.pending), "job")
    parts = [f"{plan.benchmark}{part}: {jobs}, {len(plan.inventory.done):,} done, {plan.to_train:,} to train"]
    if plan.ahead.pending:
        parts.append(f"{len(plan.ahead.pending):,} to choose first")
    if plan.packs:
        parts.append(
            f"in {amount(len(plan.packs), 'pack')}, {plan.price.memory_bytes / 2**20:,.0f} MiB for the largest"
        )
        parts.append(f"about {duration(plan.price.estimate.likely)}")
        parts[-1] += f" ({duration(plan.price.estimate.low)} to {duration(plan.price.estimate.high)})"
    return ", ".join(parts)
