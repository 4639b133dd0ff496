"""The functions behind `regbench data list`, `fetch`, `import` and `verify`; they return values and print nothing."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from regbench import catalog
from regbench.data import folder
from regbench.data.dataset import Dataset
from regbench.data.loading import cached_path, check, from_cache, from_source, keep, kept_source, load, seems_here
from regbench.data.raw import Absent, Raw, Refused, zip_member
from regbench.data.sources import Layout, Wheel, Zip, read_file
from regbench.data.table import Table
from regbench.errors import UsageError

MOST_FILES = 3  # for up to this many files of a table, all orders are tried


@dataclass(frozen=True)
class Item:
    """One dataset as a listing shows it.

    source: the source of the cached copy; if there is none, the first source on the network, or else the first one.
    sources: all of them, in the order in which they are tried.
    here: whether it is available without the network; kept: whether a checked copy is in the cache, at `path`.
    """

    name: str
    alias: str
    summary: str
    rows: int
    sizes: tuple[int, int, int]
    seen: tuple[int, int]  # rows of validation and test whose inputs a training row has too
    inputs: int | tuple[int, int, int]
    target: str
    licence: str
    url: str
    digest: str
    source: str
    sources: tuple[str, ...]
    here: bool
    kept: bool
    path: str


@dataclass(frozen=True)
class Fetched:
    """A checked table in the cache, and its source; `already` if it was in the cache before."""

    name: str
    source: str
    rows: int
    digest: str
    path: str
    already: bool


@dataclass(frozen=True)
class Check:
    """The result of verifying one source of one dataset; `detail` gives the reason if it is not ok."""

    name: str
    source: str
    state: Literal["ok", "wrong", "absent"]
    detail: str = ""


def inventory(names: Iterable[str] | None = None) -> list[Item]:
    """A description of each dataset, all of them by default."""
    return [_item(name) for name in _resolved(names)]


def fetch(name: str, *, dataset: Dataset | None = None, force: bool = False) -> Fetched:
    """Get a dataset into the cache, so that it can be used offline.

    Args:
        name: full name or abbreviation.
        dataset: its description, if it is not in the catalog.
        force: get it again even if it is in the cache.
    """
    name, dataset = _found(name, dataset)
    already = None if force else from_cache(dataset, name)
    if already is not None:
        return _fetched(dataset, name, already, already=True)
    table = load(dataset, name, fresh=True)
    keep(dataset, name, table)
    return _fetched(dataset, name, table, already=False)


def import_file(
    name: str,
    paths: Sequence[str | Path],
    *,
    dataset: Dataset | None = None,
    progress: folder.Progress = lambda _done, _all: None,
) -> Fetched:
    """Import a dataset from files fetched by hand, in the layout of any of its sources, also inside an archive.

    Of a dataset of image files it imports a folder, and lists that are elsewhere.
    """
    name, dataset = _found(name, dataset)
    if isinstance(dataset, folder.Folder) and paths:
        return _fetched(dataset, name, dataset.bring(name, paths, progress), already=False)
    try:
        files = [read_file(Path(path)) for path in paths]
    except Refused as error:
        raise UsageError(f"{error}; name a file that is there") from None
    if not files:
        raise UsageError(f"no file to import {name} from; name one")
    reasons = []
    for read, layout in _readings(dataset, files):
        try:
            table = dataset.read(read(), layout, " + ".join(str(path) for path in paths))
            check(dataset, table)
        except Refused as reason:
            reasons.append(str(reason))
        else:
            keep(dataset, name, table)
            return _fetched(dataset, name, table, already=False)
    why = "; or ".join(list(dict.fromkeys(reasons))[:3]) or "none of its sources is an archive"
    raise UsageError(f"{' + '.join(raw.name for raw in files)} is not {name}: {why}; see {dataset.url}")


def verify(names: Iterable[str] | None = None, *, network: bool = False) -> list[Check]:
    """Check the cached copy and the local files of datasets against their digests; with `network` every source."""
    return [found for name in _resolved(names) for found in verify_one(name, network=network)]


def verify_one(name: str, *, dataset: Dataset | None = None, network: bool = False) -> list[Check]:
    """`verify` for one dataset, which need not be in the catalog."""
    name, dataset = _found(name, dataset)
    return list(_checks(dataset, name, network))


def _resolved(names: Iterable[str] | None) -> list[str]:
    return catalog.names("datasets") if names is None else [catalog.resolve("datasets", name) for name in names]


def _found(name: str, dataset: Dataset | None) -> tuple[str, Dataset]:
    if dataset is not None:
        return name, dataset
    name = catalog.resolve("datasets", name)
    return name, catalog.load("datasets", name)


def _item(name: str) -> Item:
    dataset: Dataset = catalog.load("datasets", name)
    path = cached_path(dataset, name)
    place = next((source for source in dataset.sources if source.remote), dataset.sources[0])
    return Item(
        name=name,
        alias=dataset.alias,
        summary=catalog.entry("datasets", name).summary,
        rows=sum(dataset.sizes),
        sizes=dataset.sizes,
        seen=getattr(dataset, "seen", (0, 0)),
        inputs=dataset.inputs,
        target=dataset.target,
        licence=dataset.licence,
        url=dataset.url,
        digest=dataset.digest,
        source=kept_source(dataset, name) or place.name,
        sources=tuple(source.name for source in dataset.sources),
        here=seems_here(dataset, name),
        kept=path.is_file(),
        path=str(path),
    )


def _fetched(dataset: Dataset, name: str, table: Table, *, already: bool) -> Fetched:
    path = str(cached_path(dataset, name))
    return Fetched(name=name, source=table.source, rows=table.rows, digest=dataset.digest, path=path, already=already)


def _readings(dataset: Dataset, files: list[Raw]) -> Iterator[tuple[Callable[[], list[Raw]], Layout]]:
    """All ways to read imported files: every layout of the sources, every order of the files, members of archives."""
    layouts: list[Layout] = []
    for source in dataset.sources:
        if source.layout not in layouts:
            layouts.append(source.layout)
    if len(files) == 1 and files[0].suffix in ("zip", "whl"):
        for source in dataset.sources:
            members = (
                source.members if isinstance(source, Zip) else (source.member,) if isinstance(source, Wheel) else ()
            )
            if members:
                yield partial(_members, files[0], members), source.layout
        return
    orders = itertools.permutations(files) if len(files) <= MOST_FILES else [tuple(files)]
    for order in orders:
        for layout in layouts:
            yield partial(list, order), layout


def _members(archive: Raw, members: Sequence[str]) -> list[Raw]:
    return [zip_member(archive, member) for member in members]


def _checks(dataset: Dataset, name: str, network: bool) -> Iterator[Check]:
    path = cached_path(dataset, name)
    if not path.is_file():
        yield Check(name, "cache", "absent", f"no {path}")
    elif isinstance(dataset, folder.Folder) and not dataset.is_undamaged(name):
        yield Check(name, "cache", "wrong", f"{path} is damaged; `regbench data import {name}` makes it again")
    elif from_cache(dataset, name) is None:
        yield Check(name, "cache", "wrong", f"{path} is damaged; `regbench data fetch {name}` gets it again")
    else:
        yield Check(name, "cache", "ok")
    for source in dataset.sources:
        if source.remote and not network:
            continue
        try:
            from_source(dataset, source)
        except Refused as reason:
            yield Check(name, source.name, "absent" if isinstance(reason, Absent) else "wrong", str(reason))
        else:
            yield Check(name, source.name, "ok")
