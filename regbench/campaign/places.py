"""Open results for reading: a database or a folder of exports."""

import contextlib
import glob
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from regbench import variants
from regbench.addresses import path_of, without_password
from regbench.errors import NothingMeasured, UsageError, WrongValueError
from regbench.owntables import means

if TYPE_CHECKING:
    from regbench.store import Part, Store

DATABASE = "results/regbench.db"
PUBLISHED = Path("results", "published")  # in the working folder, or beside the package in a checkout


def is_there(db: str) -> bool:
    """Whether a database exists. A server is assumed to exist; an empty file does not count."""
    path = path_of(db)
    return path is None or (path.exists() and not (path.is_file() and path.stat().st_size == 0))


def option(db: str) -> str:
    """The option that names a database in a command to copy, without its password; nothing for the usual one.

    >>> option("my results.db")
    " --db 'my results.db'"
    >>> option("results/regbench.db")
    ''
    """
    return "" if db == DATABASE else f" --db {quote(without_password(db))}"


def published(named: str) -> Path:
    """The folder of published runs: the one named, or for "published" that of this checkout; error if there is none."""
    if named != "published":
        return Path(named)
    places = [PUBLISHED, Path(__file__).parents[2] / PUBLISHED]
    for place in places:
        if place.is_dir():
            return place
    raise NothingMeasured(f"there are no published runs at {places[0]}; give their folder: --with DIR")


def several(given: Sequence[str]) -> list[str]:
    """Databases and folders as they were named, with those that a pattern stands for, each once.

    Raises:
        NothingMeasured: a pattern stands for none.
    """
    found: dict[str, None] = {}
    for place in given:
        path = path_of(place)
        if path is None or path.exists() or not glob.has_magic(place):
            found[place] = None
            continue
        if not (matching := sorted(glob.glob(str(path), recursive=True))):  # noqa: PTH207 - the pattern may be absolute
            raise NothingMeasured(f"there is no database {place}; the pattern matches no file")
        found |= dict.fromkeys(matching)
    return list(found)


@contextlib.contextmanager
def database(db: str) -> "Iterator[Store]":
    """Open the store read-only; `NothingMeasured` if it does not exist yet."""
    if not is_there(db):
        raise NothingMeasured(
            f"there is no database {db} yet; `regbench run smoke` makes one, or give its place with --db"
        )
    from regbench.store import Store

    with Store.open(db, read_only=True) as store:
        yield store


@contextlib.contextmanager
def databases(given: Sequence[str], part: "Part | None", warn: Callable[[str], None]) -> "Iterator[Store]":
    """Open one database, or several as if they were merged, of which only `part` of each run is read."""
    if len(given) == 1:
        with database(given[0]) as opened:
            yield opened
        return
    from regbench import store

    with store.merged(given, part or store.WHOLE) as (opened, notes):
        for line in notes:
            warn(f"note: {line}")
        yield opened


@contextlib.contextmanager
def exports(folder: Path, part: "Part | None", warn: Callable[[str], None]) -> "Iterator[Store]":
    """Open a folder of exports as a store; only `part` of each run is read, which is faster."""
    from regbench import store

    with store.opened(folder, part or store.WHOLE) as (opened, left_alone):
        for line in left_alone:
            warn(f"left alone: {line}")
        yield opened


def stored_benchmark(store: "Store", name: str | None) -> str | None:
    """The stored benchmark of that name; None without a name.

    Dashes and underscores are equal, what a variant's brackets say may stand in any order, and the name of a table may
    lack its digest, or its target too, if it means one stored benchmark.
    """
    from regbench.config import resolve_among

    known = [str(stored) for stored in store.benchmarks()["name"]]
    if name is None:
        return None
    if not known:
        raise NothingMeasured("the database holds no benchmark yet; start with `regbench run smoke`")
    if name not in known and (meant := [stored for stored in known if _means(name, stored)]):
        if len(meant) > 1:
            raise UsageError(f"benchmark '{name}' may be {' or '.join(sorted(meant))}; write one of them")
        return meant[0]
    try:
        return resolve_among("benchmark", name, known)
    except UsageError as error:
        raise UsageError(f"{error} (of those in the database)") from None


def _means(asked: str, stored: str) -> bool:
    """Whether a name means a stored benchmark with brackets, whose table it may name without digest and target.

    >>> _means("smoke[epochs=3,data=a.csv:y]", "smoke[data=a.csv:y@3f2a1c,epochs=3]")
    True
    >>> _means("smoke[data=a.csv]", "smoke[data=b.csv:y@3f2a1c]"), _means("smoke", "smoke[epochs=3]")
    (False, False)
    """
    try:
        one, other = variants.read_part(asked), variants.read_part(stored)
    except WrongValueError:
        return False
    if variants.underscored(one.name) != variants.underscored(other.name) or not other.settings:
        return False
    given, has = sorted(one.settings), sorted(other.settings)
    return len(given) == len(has) and all(
        key == its_key and (value == its_value or (key == "data" and means(value, its_value)))
        for (key, value), (its_key, its_value) in zip(given, has, strict=True)
    )
