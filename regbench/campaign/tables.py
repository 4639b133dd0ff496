"""Users' own tables as datasets: from a file and a target, from Python, or from a name that was printed before."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from regbench import roots
from regbench.campaign.places import database, is_there
from regbench.config import TableEntry, own_table, read_entry
from regbench.errors import RegbenchError, UsageError, WrongValueError
from regbench.owntables import NAMED, OPENML, file_name, means, spelled, without_digest
from regbench.reading import USUAL, Reading, as_options, options
from regbench.roots import OwnTable

NAME_OF_OPENML = re.compile(r"openml-(\d{1,9})")


def entries(data: Any, *, keep_index: bool = False) -> list[TableEntry]:
    """The tables that `regbench.run(data=...)` names.

    Each is a pair (file or data frame, target), a dataset of scikit-learn, or a mapping as in benchmarks.yaml; several
    are a list of these.
    """
    if data is None:
        return []
    if isinstance(data, list):
        return [entry for each in data for entry in entries(each, keep_index=keep_index)]
    given = {"keep_index": True} if keep_index else {}
    if hasattr(data, "data") and hasattr(data, "target"):  # a Bunch, which is a mapping too
        given |= {"file": data}
    elif isinstance(data, Mapping):
        given |= dict(data)
    elif isinstance(data, tuple) and len(data) == 2:
        given |= {"file": data[0], **({} if data[1] is None else {"target": data[1]})}
    else:
        raise UsageError(f"data must be a pair such as ('house.csv', 'price'), not {type(data).__name__}")
    if not isinstance(given.get("file"), str | Path):
        from regbench.data.own.objects import saved

        path, targets = saved(given.get("file"))
        given = {"target": list(targets), **given, "file": path}
        if not given["target"]:
            raise UsageError("a data frame has no target of its own: write data=(frame, 'price')")
    try:
        return [read_entry(given)]
    except WrongValueError as error:
        raise UsageError(f"data{''.join(f'[{step!r}]' for step in error.path)}: {error}") from None


def again(asked: str, db: str) -> str:
    """Add the table that was printed as `house.csv:price@3f2a1c`; the digest, or the target too, may be left out.

    Its file is the one that the database knows by this name, or one in the working folder. `UsageError` if the file
    has other numbers by now.
    """
    known = {name: path for name, path in _stored(db).items() if means(asked, name)}
    exact = NAMED.fullmatch(asked) is not None
    places = {(name if exact else without_digest(name), path) for name, path in known.items()} or {(asked, "")}
    if len(places) > 1:
        raise UsageError(f"data={asked} may be {' or '.join(sorted(known))}; write one of them")
    [(name, path)] = places
    changed = None
    for table in _readings(without_digest(name), path):
        if name in (table.name, without_digest(table.name)):
            roots.add(tables=[table])
            return table.name
        changed = changed or table
    if changed:
        targets = " ".join(f"--target {shlex.quote(target)}" for target in changed.targets)
        said = options(changed.reading)
        way = f"--data {shlex.quote(changed.path)} {targets}{' ' * bool(said)}{said}"
        raise UsageError(f"data={asked}: {changed.path} has other numbers by now; for these write {way}")
    raise UsageError(f"data={asked}: no such table is known here; name it by --data FILE --target COLUMN")


def _readings(name: str, source: str) -> Iterator[OwnTable]:
    """The tables that may have that name, in the file that is known or in one of the working folder."""
    path, targets, reading = as_options(source)
    if targets:
        yield own_table(path, targets, reading)
        return
    ends = [len(file_name(path))] if path else [end for end, letter in enumerate(name) if letter == ":"]
    for end in ends:
        file, target = path or NAME_OF_OPENML.sub(r"openml:\1", name[:end]), name[end + 1 :]
        for columns in _targets(file, target, reading):
            yield own_table(file, columns, reading)
            if reading == USUAL:  # which databases did not always say
                yield own_table(file, columns, Reading(keep_index=True))


def _targets(file: str, target: str, reading: Reading) -> Iterator[Sequence[str]]:
    """The columns of a file that a name's target may mean: one, or several with a plus between them."""
    from regbench.data import column_names

    if not (OPENML.fullmatch(file) or Path(file).is_file()):
        return
    columns = {spelled(column): column for column in column_names(file, reading)}
    if target in columns:
        yield (columns[target],)
    elif all(part in columns for part in target.split("+")):
        yield tuple(columns[part] for part in target.split("+"))


def _stored(db: str) -> dict[str, str]:
    """The sources of tables in the database, by name; none where it cannot be read, of which planning says more."""
    if not db or not is_there(db):
        return {}
    try:
        with database(db) as store:
            return store.dataset_sources()
    except RegbenchError:
        return {}
