"""From what was asked for to benchmarks whose names and values are all right."""

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
    """Which benchmarks, which of their jobs, and what is changed about them."""

    names: Sequence[str] = ()  # without one, every benchmark of the file
    file: Path | None = None  # other than ./benchmarks.yaml
    datasets: Sequence[str] = ()
    methods: Sequence[str] = ()
    k: Sequence[int] = ()
    seeds: Sequence[int] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)  # field of the protocol -> value: they make a variant
    table: tuple[Path, str] | None = None  # a table of the user's own and the column to predict


def choose(wanted: Wanted) -> list[Benchmark]:
    """The benchmarks that were asked for, with changes, filters, and what the user adds to them."""
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


def _known_method(text: str) -> str:
    """A method as it is written; of a Python file, `./gar.py` or `./gar.py[rate=2]`, what the file defines."""
    path, bracket, inside = text.partition("[")
    if not path.endswith(".py"):
        return text
    roots.add([path], source="--method")
    name = Path(path).stem
    if name not in catalog.rows():
        raise UsageError(f"--method {path}: the file defines no METHOD and no BASELINE")
    return f"{name}{bracket}{inside}"


def _own_table(path: Path, target: str) -> str:
    """Make a table of the user's a dataset; its name has the file's ending, so no dataset of ours is called so."""
    roots.add(tables=[OwnTable(path.name, str(path.absolute()), target)])
    catalog.load("datasets", path.name)  # what is wrong with the file is said before anything else
    return path.name
