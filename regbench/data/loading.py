"""Load a dataset's table from the cache, a local folder or the network; every source must give the same digest."""

import contextlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from regbench.data.dataset import Dataset, TabularDataset
from regbench.data.download import discard, renewed, write_atomically
from regbench.data.folder import Folder
from regbench.data.own.coded import Coded, codings_from, codings_text, digest_of
from regbench.data.places import cache_folder, mirror
from regbench.data.raw import Refused
from regbench.data.sources import File, Generated, OwnFile, Source
from regbench.data.table import Table
from regbench.errors import DataUnavailable, InfrastructureError


def load(dataset: Dataset, name: str, *, fresh: bool = False) -> Table:
    """The canonical table, from the cache or the first source with the right digest, which is then cached.

    Raises `DataUnavailable` if no source can give it.

    Args:
        dataset: as returned by `catalog.load("datasets", name)`.
        name: of the dataset, for messages and the cache.
        fresh: ask the sources even if it is in the cache.
    """
    with renewed() if fresh else contextlib.nullcontext():
        table, reasons = _first_right(dataset, name, dataset.sources, fresh=fresh)
    if table is None:
        raise DataUnavailable(_nowhere(dataset, name, reasons))
    return table


def is_here(dataset: Dataset, name: str) -> bool:
    """Whether the dataset is available without the network; if so, it has been read, checked and cached."""
    return _first_right(dataset, name, [source for source in dataset.sources if not source.remote])[0] is not None


def seems_here(dataset: Dataset, name: str) -> bool:
    """A quick version of `is_here` for listings: whether its files exist; they are not opened."""
    if isinstance(dataset, Folder):
        return dataset.cached(name) is not None
    local = [source for source in dataset.sources if isinstance(source, (File, OwnFile, Generated))]
    return cached_path(dataset, name).is_file() or any(source.here() for source in local)


def _first_right(
    dataset: Dataset, name: str, sources: Iterable[Source], *, fresh: bool = False
) -> tuple[Table | None, list[tuple[Source, str]]]:
    """The kept table, or that of the first source that gives the right one; and why the sources before it did not."""
    own = any(isinstance(source, OwnFile) for source in dataset.sources)  # which is read again, and never copied
    kept = None if fresh or own else from_cache(dataset, name)
    reasons: list[tuple[Source, str]] = []
    if kept is not None:
        return kept, reasons
    for source in sources:
        try:
            table = from_source(dataset, source)
        except Refused as reason:
            reasons.append((source, str(reason)))
        else:
            if not own:
                with contextlib.suppress(InfrastructureError):  # if it cannot be cached, it is loaded again next time
                    keep(dataset, name, table)
            return table, reasons
    return None, reasons


def from_source(dataset: Dataset, source: Source) -> Table:
    """The table from one source; raises `Refused` if the source gives none or a different one."""
    files = source.files()
    try:
        table = dataset.read(files, source.layout, source.name)
        check(dataset, table)
    except Refused:
        for raw in files:
            discard(raw)
        raise
    return table


def check(dataset: Dataset, table: Table) -> None:
    """Raise `Refused` if the shape or the digest of a table is not the dataset's."""
    inputs = (table.width,) if isinstance(table, Coded) else table.x.shape[1:]
    have, want = (table.rows, *inputs), (sum(dataset.sizes), *_shape(dataset))
    if have != want:
        raise Refused(f"it holds {_by(have)} values of input, not {_by(want)}")
    found = digest_of(table)
    if found != dataset.digest:
        raise Refused(f"its content is another: digest {found[:19]}..., not {dataset.digest[:19]}...")


def cached_path(dataset: Dataset, name: str) -> Path:
    """The path of the checked table in the cache."""
    if isinstance(dataset, Folder):
        return dataset.path_of(name)
    return cache_folder() / "tables" / f"{Path(name).name}-{dataset.digest.rpartition(':')[2][:16]}.npz"


def from_cache(dataset: Dataset, name: str) -> Table | None:
    """The cached table; None if it is missing or damaged."""
    if isinstance(dataset, Folder):
        return dataset.cached(name)
    path = cached_path(dataset, name)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            x, y, source = archive["x"], archive["y"], str(archive["source"])
            parts = tuple(archive["parts"].tolist()) or None
            codings = codings_from(str(archive["codings"])) if "codings" in archive else ()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    columns = dataset.columns if isinstance(dataset, TabularDataset) else ()
    table = Table(x=x, y=y, columns=columns, target=dataset.target, source=source, parts=parts)
    table = Coded(**vars(table), codings=codings) if codings else table
    return table if digest_of(table) == dataset.digest else None


def kept_source(dataset: Dataset, name: str) -> str:
    """The source of the cached table; empty if none is cached."""
    if isinstance(dataset, Folder):
        table = dataset.cached(name)
        return table.source if table else ""
    try:
        with cached_path(dataset, name).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return str(archive["source"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return ""


def keep(dataset: Dataset, name: str, table: Table) -> None:
    """Write a checked table to the cache."""
    file = io.BytesIO()
    arrays = {"x": table.x, "y": table.y, "parts": np.array(table.parts or (), dtype=np.int64)}
    if isinstance(table, Coded):
        arrays["codings"] = np.array(codings_text(table.codings))
    np.savez(file, source=np.array(table.source), **arrays)
    write_atomically(cached_path(dataset, name), file.getvalue())


def _shape(dataset: Dataset) -> tuple[int, ...]:
    return dataset.inputs if isinstance(dataset.inputs, tuple) else (dataset.inputs,)


def _by(shape: Iterable[int]) -> str:
    """A shape as text: 6497 x 11."""
    return " x ".join(map(str, shape))


def _nowhere(dataset: Dataset, name: str, reasons: list[tuple[Source, str]]) -> str:
    """The error message, one line: the sources tried, why each failed, and where to put the files by hand."""
    data = mirror()
    files = [source for source in dataset.sources if isinstance(source, File)]
    because: dict[str, list[str]] = {}
    for source, reason in reasons:
        because.setdefault(reason, []).append(source.name)
    tried = [f"{', '.join(names)}: {reason}" for reason, names in because.items()]
    title = f"{name} ({dataset.alias})" if dataset.alias else name
    remedy = ""
    if files:
        wanted = " or ".join(source.name for source in files)
        where = f"put {wanted} into {data}" if data else f"put {wanted} into a folder and set REGBENCH_DATA to it"
        remedy = f"; {where}, or run `regbench data import {name} FILE`"
    if isinstance(dataset, Folder):
        return f"{title} is not here: {'; '.join(because)}, then run `regbench data import {name} FOLDER`"
    return f"{title} cannot be had: {'; '.join(tried) or 'it names no source'}{remedy}"
