"""From what was asked for to benchmarks whose names and values are all right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regbench import config, data
from regbench.config import Benchmark, Benchmarks, Facts
from regbench.errors import UsageError


@dataclass(frozen=True)
class Wanted:
    """Which benchmarks, which of their jobs, and what is changed about them."""

    names: Sequence[str] = ()  # without one, every benchmark of the file
    file: Path | None = None  # other than ./benchmarks.yaml
    datasets: Sequence[str] = ()
    methods: Sequence[str] = ()
    k: Sequence[int] = ()
    seeds: Sequence[int] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)  # field of the protocol -> value: they make a variant
    table: tuple[Path, str] | None = None  # a table of the user's own and the column to predict


@dataclass(frozen=True)
class Chosen:
    """A benchmark to run, and where the user's own table is: dataset -> (path, target)."""

    benchmark: Benchmark
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def choose(wanted: Wanted) -> list[Chosen]:
    """The benchmarks that were asked for, with changes and filters."""
    known = config.load(wanted.file)
    names = list(dict.fromkeys(wanted.names)) or _every(known)
    files: dict[str, tuple[str, str]] = {}
    if wanted.table is None:
        found = [known.variant(name, wanted.changes) for name in names]
    else:
        path, target = wanted.table
        facts = _own_table(path, target)
        files = {facts.name: (str(path.absolute()), target)}
        found = [known.on_table(name, wanted.changes, facts) for name in names]
    return [Chosen(each, files) for each in _filtered(found, wanted)]


def _every(known: Benchmarks) -> list[str]:
    """The benchmarks of the file but for the sweeps of others, which are run with these."""
    names = list(known.own or known.names())
    sources = {source for name in names if (choose := known.specs[name].choose) for source in choose.sources}
    return [name for name in names if name not in sources]


def _filtered(found: Sequence[Benchmark], wanted: Wanted) -> list[Benchmark]:
    """Each with the jobs asked for; of all there are, those that have any."""
    filters: Any = {"datasets": wanted.datasets, "methods": wanted.methods, "k": wanted.k, "seeds": wanted.seeds}
    kept, errors = [], []
    for each in found:
        try:
            kept.append(config.filter_jobs(each, **filters))
        except UsageError as error:
            errors.append(error)
    if errors and (wanted.names or not kept):
        raise errors[0]
    return kept


def _own_table(path: Path, target: str) -> Facts:
    """What jobs must know of the user's table; its name has the file's ending, so no dataset of ours is called so."""
    dataset, _ = data.from_file(path, target)
    return Facts(path.name, digest=dataset.digest, batch_size=dataset.batch_size, backbone=dataset.backbone)
