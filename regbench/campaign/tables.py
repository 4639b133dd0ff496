"""Users' own tables as datasets: from a file and a target, or from a name that was printed before."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from regbench import roots
from regbench.campaign.places import database, is_there
from regbench.errors import RegbenchError, UsageError
from regbench.owntables import NAMED, full_name, means, spelled, without_digest
from regbench.roots import OwnTable


def add(path: Path, target: str, *, keep_index: bool = False) -> str:
    """Add a table to the catalog, and return its name; errors in the file are reported first."""
    table = _table(path, target, keep_index=keep_index)
    roots.add(tables=[table])
    return table.name


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
        way = f"--data {shlex.quote(changed.path)} --target {shlex.quote(changed.target)}"
        raise UsageError(f"data={asked}: {changed.path} has other numbers by now; for these write {way}")
    raise UsageError(f"data={asked}: no such table is known here; name it by --data FILE --target COLUMN")


def _table(path: Path, target: str, *, keep_index: bool) -> OwnTable:
    from regbench.data import describe

    dataset = describe(path, target, keep_index=keep_index)
    return OwnTable(full_name(str(path), dataset.target, dataset.digest), str(path.absolute()), target, keep_index)


def _readings(name: str, path: str) -> Iterator[OwnTable]:
    """The tables that may have that name, in the file that is known or in one of the working folder."""
    from regbench.data import column_names

    ends = [len(spelled(Path(path).name))] if path else [end for end, letter in enumerate(name) if letter == ":"]
    for end in ends:
        file, target = Path(path or name[:end]), name[end + 1 :]
        for column in column_names(file) if file.is_file() else ():
            if spelled(column) == target:
                yield _table(file, column, keep_index=False)
                yield _table(file, column, keep_index=True)


def _stored(db: str) -> dict[str, str]:
    """The paths of tables in the database, by name; none where it cannot be read, of which planning says more."""
    if not db or not is_there(db):
        return {}
    try:
        with database(db) as store:
            return store.dataset_sources()
    except RegbenchError:
        return {}
