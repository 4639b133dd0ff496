"""A script for a batch queue: one task per shard of a benchmark, and the merge of their results at the end."""

import math
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from regbench import catalog, roots, variants
from regbench.addresses import is_address
from regbench.campaign.campaign import Campaign
from regbench.config import Benchmark
from regbench.errors import UsageError
from regbench.runner import Plan
from regbench.visible import visible

TEMPLATE = Path(__file__).parents[1] / "templates" / "slurm.txt"
NOTICE_S = 180  # before the end of its time a task is told: it ends its epoch, writes, and sends a snapshot
START_S = 600  # besides the planned time: start, reading, and a slower machine than the one that planned
ROUND_S = 300
RESTARTS = 100  # a task that never comes to its end is not queued forever
MAIN_BYTES = 2**30  # of the process that hands out the work


@dataclass(frozen=True)
class Array:
    """An array of batch tasks, each for one shard; seconds are those of the longest one."""

    count: int
    benchmarks: tuple[str, ...]
    jobs: int
    datasets: tuple[str, ...]  # of the catalog, to be fetched before
    low_s: float
    likely_s: float
    high_s: float
    memory_bytes: int
    devices: tuple[str, ...]

    @property
    def limit_s(self) -> int:
        """The time to ask for."""
        return math.ceil((self.high_s + START_S + NOTICE_S) / ROUND_S) * ROUND_S


def array(campaign: Campaign, chosen: Sequence[Benchmark], count: int) -> Array:
    """Plan every shard; the time is that of the one that takes longest.

    Raises:
        UsageError: the database is a server, which needs no shards.
    """
    if is_address(campaign.db):
        raise UsageError(
            "--slurm: machines that reach a server share its work without shards: start the same `regbench run` on each"
        )
    shards = [
        [plan for _, plan in replace(campaign, request=replace(campaign.request, shard=(number, count))).plans(chosen)]
        for number in range(1, count + 1)
    ]
    longest = max(shards, key=lambda plans: sum(_seconds(plan)[2] for plan in plans))
    low, likely, high = (sum(_seconds(plan)[part] for plan in longest) for part in range(3))
    every = [plan for plans in shards for plan in plans]
    names = {job.dataset for plan in every for job in (*plan.jobs, *plan.ahead.pending)}
    return Array(
        count=count,
        benchmarks=tuple(benchmark.name for benchmark in chosen),
        jobs=sum(map(_jobs, every)),
        datasets=tuple(
            sorted(name for name in names if not roots.own_table(name) and name in catalog.names("datasets"))
        ),
        low_s=low,
        likely_s=likely,
        high_s=high,
        memory_bytes=max(plan.price.memory_bytes for plan in every),
        devices=tuple(campaign.devices),
    )


def script(found: Array, *, db: str, program: str, options: Sequence[str], told: Sequence[str]) -> str:
    """The complete script.

    Args:
        found: the planned array.
        db: the database that gets the results of all tasks.
        program: how regbench is started, as the shell reads it.
        options: the words after `regbench run`, without database and shard.
        told: the low, likely and high time in words.
    """
    main = Path(db)
    shards = shlex.quote(str(main.with_suffix(".shard")))
    merge = f"{program} db merge {shards}-*.db --into {shlex.quote(db)}"
    name = "regbench-" + "".join(
        sign if sign.isalnum() or sign in "-_" else "-" for sign in variants.bare(found.benchmarks[0])
    )
    added = os.pathsep.join(place for place in roots.added().places if Path(place).is_dir())
    fetch = f"{program} data fetch {shlex.join(found.datasets)}" if found.datasets else "true"
    values = {
        "BENCHMARKS": " ".join(visible(", ".join(found.benchmarks)).split()),  # a comment is one line
        "JOBS": f"{found.jobs:,}",
        "COUNT": str(found.count),
        "LOW": told[0],
        "LIKELY": told[1],
        "HIGH": told[2],
        "NAME": name,
        "CPUS": str(len(found.devices)),
        "RESOURCES": _resources(found),
        "TIME": _time(found.limit_s),
        "NOTICE": str(NOTICE_S),
        "RESTARTS": str(RESTARTS),
        "FOLDER": shlex.quote(str(Path.cwd())),
        "PLUGINS": f"export REGBENCH_PLUGINS={shlex.quote(added)}" if added else "",
        "FETCH": fetch,
        "RESULTS": shlex.quote(str(main.parent)),
        "LOG": _directive(f"{main.with_suffix('')}", "-%A_%a.out"),
        "MERGELOG": shlex.quote(f"{main.with_suffix('')}-merge-%j.out"),
        "MERGE": merge,
        "QUOTEDMERGE": shlex.quote(merge),
        "DB": shlex.quote(db),
        "SHARDS": shards,
        "PROGRAM": program,
        "RUN": f"{program} run {shlex.join(options)}",
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _seconds(plan: Plan) -> tuple[float, float, float]:
    """The bounds of a plan's time and its likely value between them, with the sweeps before and the jobs after it."""
    parts = [plan.price.estimate, *([plan.ahead.pending_estimate] if plan.ahead.pending_estimate else [])]
    own = [sum(getattr(part, name) for part in parts) for name in ("low", "likely", "high")]
    before = [_seconds(sweep) for sweep in plan.ahead.sweeps]
    return tuple(total + sum(each[place] for each in before) for place, total in enumerate(own))  # type: ignore[return-value]


def _jobs(plan: Plan) -> int:
    return plan.to_train + len(plan.ahead.pending) + sum(map(_jobs, plan.ahead.sweeps))


def _resources(found: Array) -> str:
    gpus = sum(device.startswith("cuda") for device in set(found.devices))
    if gpus:
        return f"#SBATCH --gres=gpu:{gpus}"
    need = found.memory_bytes * len(found.devices) + MAIN_BYTES
    return f"#SBATCH --mem={math.ceil(need / 2**20)}M"


def _directive(path: str, pattern: str) -> str:
    """A path in a directive, where sbatch replaces % and reads quotes, and no shell reads anything.

    >>> _directive("my results/50%", "-%j.out")
    '"my results/50%%-%j.out"'
    """
    escaped = " ".join(path.replace("%", "%%").replace('"', "").split())
    return f'"{escaped}{pattern}"' if " " in escaped else escaped + pattern


def _time(seconds: int) -> str:
    """A time as sbatch reads it.

    >>> _time(900), _time(100_000)
    ('0-00:15:00', '1-03:46:40')
    """
    days, rest = divmod(seconds, 86_400)
    return f"{days}-{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
