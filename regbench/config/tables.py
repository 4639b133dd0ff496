"""Tables of the user's own among the datasets of a benchmark: a file and how it is read, or a suite of OpenML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from regbench import catalog, roots
from regbench.config.marks import Marked
from regbench.config.names import at, resolve
from regbench.config.protocol import FOREIGN
from regbench.errors import DataUnavailable, UsageError, WrongValueError, did_you_mean
from regbench.owntables import OPENML, SUITE, UNUSABLE, full_name, is_table
from regbench.paths import named
from regbench.reading import USUAL, Reading, as_reading
from regbench.roots import OwnTable

FIELDS = ("file", "target", "sep", "decimal", "header", "drop", "group", "keep_index", "preprocess")


@dataclass(frozen=True)
class TableEntry:
    """A table that a benchmark names; it is read when the benchmark is planned, not when its file of benchmarks is.

    file: its path, or `openml:ID`.
    targets: the columns to predict; the last one if empty.
    place: where it is named, for messages.
    """

    file: str
    targets: tuple[str, ...] = ()
    reading: Reading = USUAL
    place: str = field(default="", compare=False)

    def __str__(self) -> str:
        return ":".join((self.file, *(["+".join(self.targets)] if self.targets else [])))


@dataclass(frozen=True)
class SuiteEntry:
    """A suite of OpenML that a benchmark names, `openml-suite:336`; it is expanded when the benchmark is planned.

    place: where it is named, for messages.
    """

    number: int
    place: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"openml-suite:{self.number}"


Listed = str | TableEntry | SuiteEntry  # what `datasets:` may list


def read_dataset(value: Any, info: ValidationInfo) -> Listed:
    """A dataset of a benchmark: the full name of one of the catalog, a table, or a suite; for programs, any name."""
    if isinstance(value, dict):
        return read_entry(value)
    text = str(value)
    if found := SUITE.fullmatch(text.strip()):
        return SuiteEntry(int(found[1]))
    if is_table(text) and text not in catalog.names("datasets"):
        return TableEntry(text)
    with at():
        try:
            return resolve("datasets", text)
        except UsageError:
            if not (info.context or {}).get(FOREIGN):
                raise
    if UNUSABLE.search(text) or not text:
        raise WrongValueError(f"'{text}' cannot name a dataset: it has a blank, a comma, a bracket or a quote")
    return text


def read_entry(given: Mapping[str, Any]) -> TableEntry:
    """A table as a mapping: `{file: sales.parquet, target: price, drop: [id]}`."""
    for key in given:
        if key not in FIELDS:
            raise WrongValueError(f"no setting of a table is called '{key}'{did_you_mean(str(key), FIELDS)}", key)
    file = given.get("file")
    if not isinstance(file, str | Path) or not str(file):
        raise WrongValueError("names no file; write {file: house.csv, target: price}", *(["file"] if file else []))
    targets = given.get("target", [])
    targets = targets if isinstance(targets, list | tuple) else [targets]
    for target in targets:
        if isinstance(target, bool) or not isinstance(target, str | int | float) or target == "":
            raise WrongValueError(f"must be the name of a column, or several, not {target!r}", "target")
    reading = as_reading({key: value for key, value in given.items() if key not in ("file", "target")})
    return TableEntry(str(file), tuple(dict.fromkeys(map(str, targets))), reading)


def placed(datasets: Sequence[Listed], marked: Marked, name: str) -> list[Listed]:
    """The datasets of a benchmark, with the paths of tables as seen from the file that names them."""
    found: list[Listed] = []
    for position, dataset in enumerate(datasets):
        if isinstance(dataset, str):
            found.append(dataset)
            continue
        made = replace(dataset, place=str(marked.wrong("", name, "datasets", position)).removesuffix(": "))
        if isinstance(made, TableEntry) and not (OPENML.fullmatch(made.file) or SUITE.fullmatch(made.file)):
            made = replace(made, file=str(marked.folder / named(made.file)))
        found.append(made)
    return found


def add(entry: TableEntry) -> str:
    """Read a table and add it to the catalog; returns its name. What is wrong is one line with its place."""
    try:
        table = own_table(entry.file, entry.targets, entry.reading)
    except (UsageError, DataUnavailable) as error:
        raise type(error)(f"{entry.place}: {error}" if entry.place else str(error)) from None
    if roots.own_table(table.name) != table:
        roots.add(tables=[table])
    return table.name


def own_table(file: str, targets: Sequence[str], reading: Reading) -> OwnTable:
    """A table as the catalog knows it, after reading its file."""
    from regbench.data import describe

    if SUITE.fullmatch(file):
        raise UsageError(
            f"{file} is a list of datasets, each with its target; write datasets: [{file}] in benchmarks.yaml"
        )
    dataset = describe(file, targets, reading)
    path = file.lower() if OPENML.fullmatch(file) else str(Path(named(file)).absolute())
    return OwnTable(full_name(path, dataset.target, dataset.digest), path, dataset.asked.targets, reading)


def check_groups(datasets: Sequence[str], split: str) -> None:
    """Refuse a split that tears the groups of a table apart."""
    for name in datasets:
        table = roots.own_table(name)
        if table and table.reading.group and split != "grouped":
            raise UsageError(
                f"{name} has groups, by '{table.reading.group}', and the split {split} tears them apart; "
                "add --set split=grouped, or protocol: {split: grouped} in benchmarks.yaml"
            )
