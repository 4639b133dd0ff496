"""Find the requested benchmarks and check all names and values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from regbench import catalog, config, roots, variants
from regbench.campaign import tables
from regbench.config import Benchmark, Benchmarks, Own, TableEntry
from regbench.config.own import read_own
from regbench.errors import UsageError, WrongValueError

DATA = "data"  # in the name of a benchmark: the user's own table


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
    tables: Sequence[TableEntry] = ()  # of the user, instead of the benchmarks' datasets
    db: str = ""  # knows the files of tables that a benchmark names: smoke[data=house.csv:price@3f2a1c]


def choose(wanted: Wanted) -> list[Benchmark]:
    """The requested benchmarks, with changes, filters, and the user's own table and methods."""
    known = config.load(wanted.file)
    methods = [_known_method(text) for text in wanted.methods]
    own = Own(
        tables=tuple(map(config.add_table, wanted.tables)),
        methods=tuple(text for text in methods if not catalog.is_ours(variants.read_part(text).name)),
    )
    names = list(dict.fromkeys(wanted.names)) or _every(known)
    found = [
        _with_lacking(known, name, replace(wanted, methods=methods), _with_tables(own, data, wanted.db))
        for name, data in _tables(names)
    ]
    return _filtered(found, replace(wanted, methods=methods))


def _every(known: Benchmarks) -> list[str]:
    """The benchmarks of the file, except sweeps that other benchmarks choose from and therefore run."""
    names = list(known.own or known.names())
    sources = {source for name in names if (choose := known.specs[name].choose) for source in choose.sources}
    return [name for name in names if name not in sources]


def _with_lacking(known: Benchmarks, name: str, wanted: Wanted, own: Own) -> Benchmark:
    """The benchmark, or its variant that has what the filters name too; without names nothing is added."""
    _add_named_methods(name)
    asked: Any = {"datasets": wanted.datasets, "methods": wanted.methods, "k": wanted.k, "seeds": wanted.seeds}
    if variants.bare(name) == config.AD_HOC:
        return known.variant(name, wanted.changes, own + _added(_asked(wanted)))
    benchmark = known.variant(name, wanted.changes, own)
    lacks = config.lacking(benchmark, **asked) if wanted.names else []
    if not lacks:
        return benchmark
    made = known.variant(name, wanted.changes, own + _added(lacks))
    absent = ", ".join(f"{option} {value}" for option, value in lacks)
    note = f"{benchmark.name} has no {absent}, so this is its variant {made.name}"
    return replace(made, notes=(*made.notes, note))


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


def _asked(wanted: Wanted) -> list[tuple[str, Any]]:
    return [
        *(("dataset", name) for name in wanted.datasets),
        *(("method", name) for name in wanted.methods),
        *(("k", bins) for bins in wanted.k),
        *(("seed", seed) for seed in wanted.seeds),
    ]


def _added(settings: Iterable[tuple[str, Any]]) -> Own:
    return read_own([(option, str(value)) for option, value in settings])


def _add_named_methods(name: str) -> None:
    """Add the Python files of the working folder whose methods a benchmark's name names: `smoke[method=mine]`."""
    for key, label in variants.read_part(name).settings:
        file = Path(f"{variants.bare(label)}.py")
        if key == "method" and variants.underscored(variants.bare(label)) not in catalog.rows() and file.is_file():
            roots.add([file], source=f"{name}:")


def _known_method(text: str) -> str:
    """The name of a method; a Python file, such as `./mine.py[rate=2]`, is added to the catalog first."""
    path, bracket, inside = text.partition("[")
    if not path.endswith(".py"):
        return text
    roots.add([path], source="--method")
    name = Path(path).stem
    if name not in catalog.rows():
        for kind in catalog.ROWS:
            catalog.check(kind, name)
        raise UsageError(
            f"--method {path}: the file defines no METHOD and no BASELINE, nor a criterion(prediction, target)"
        )
    return f"{name}{bracket}{inside}"


def _tables(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each name without its own tables, and these: `smoke[data=house.csv:price@3f2a1c]`."""
    found = []
    for name in names:
        try:
            part = variants.read_part(name)
        except WrongValueError as error:
            raise UsageError(str(error)) from None
        data = part.values().get(DATA, [])
        rest = [(key, value) for key, value in part.settings if key != DATA]
        found.append((variants.write(part.name, rest) if data else name, data))
    return found


def _with_tables(own: Own, data: Sequence[str], db: str) -> Own:
    if not data:
        return own
    if own.tables:
        raise UsageError(
            f"--data {own.tables[0]} and data={data[0]} in the name of the benchmark; leave out one of them"
        )
    return replace(own, tables=tuple(tables.again(asked, db) for asked in data))
