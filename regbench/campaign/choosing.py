"""Find the requested benchmarks and check all names and values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from regbench import catalog, config, roots, variants
from regbench.config import Benchmark, Benchmarks, Own
from regbench.errors import UsageError
from regbench.roots import OwnTable


@dataclass(frozen=True)
class Wanted:
    """The requested benchmarks, filters of their jobs, and changes of their protocol."""

    names: Sequence[str] = ()  # if empty, every benchmark of the file
    file: Path | None = None  # instead of ./benchmarks.yaml
    datasets: Sequence[str] = ()
    methods: Sequence[str] = ()
    k: Sequence[int] = ()
    seeds: Sequence[int] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)  # field of the protocol -> value; makes a variant
    table: tuple[Path, str] | None = None  # a table of the user and the column to predict


def choose(wanted: Wanted) -> list[Benchmark]:
    """The requested benchmarks, with changes, filters, and the user's own table and methods."""
    known = config.load(wanted.file)
    methods = [_known_method(text) for text in wanted.methods]
    own = Own(
        table=_own_table(*wanted.table) if wanted.table else "",
        methods=tuple(text for text in methods if not catalog.is_ours(variants.read_part(text).name)),
    )
    names = list(dict.fromkeys(wanted.names)) or _every(known)
    found = [known.variant(name, wanted.changes, own) for name in names]
    return _filtered(found, replace(wanted, methods=methods))


def _every(known: Benchmarks) -> list[str]:
    """The benchmarks of the file, except sweeps that other benchmarks choose from and therefore run."""
    names = list(known.own or known.names())
    sources = {source for name in names if (choose := known.specs[name].choose) for source in choose.sources}
    return [name for name in names if name not in sources]


def _filtered(found: Sequence[Benchmark], wanted: Wanted) -> list[Benchmark]:
    """Filter the jobs of the benchmarks; without names, benchmarks without matching jobs are left out."""
    filters: Any = {"datasets": wanted.datasets, "methods": wanted.methods, "k": wanted.k, "seeds": wanted.seeds}
    kept, errors = [], []
    for benchmark in found:
        try:
            kept.append(config.filter_jobs(benchmark, **filters))
        except UsageError as error:
            errors.append(error)
    if errors and (wanted.names or not kept):
        raise errors[0]
    return kept


def _known_method(text: str) -> str:
    """The name of a method; a Python file, such as `./gar.py[rate=2]`, is added to the catalog first."""
    path, bracket, inside = text.partition("[")
    if not path.endswith(".py"):
        return text
    roots.add([path], source="--method")
    name = Path(path).stem
    if name not in catalog.rows():
        raise UsageError(f"--method {path}: the file defines no METHOD and no BASELINE")
    return f"{name}{bracket}{inside}"


def _own_table(path: Path, target: str) -> str:
    """Add a table of the user as a dataset; its name includes the file suffix, so it differs from all of ours."""
    roots.add(tables=[OwnTable(path.name, str(path.absolute()), target)])
    catalog.load("datasets", path.name)  # report errors in the file first
    return path.name
