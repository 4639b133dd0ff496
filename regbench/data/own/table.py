"""A user's own file as a dataset: its description, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regbench.data.dataset import TabularDataset
from regbench.data.own import formats
from regbench.data.own.coded import Coded, digest_of, prepared
from regbench.data.own.inputs import Asked, Found, table_of
from regbench.data.raw import Absent, Raw, Refused
from regbench.data.seen import count_seen
from regbench.data.sources import Layout, OwnFile
from regbench.data.splits import FEWEST_ROWS, nested_sizes
from regbench.data.table import Table
from regbench.errors import DataUnavailable, UsageError
from regbench.owntables import OPENML
from regbench.paths import named
from regbench.reading import USUAL, Reading, options

BATCH_SIZES = ((30_000, 1024), (10_000, 512), (2_000, 256))  # (least rows, batch size), as in the first paper's Table 1
SMALLEST_BATCHES = 4  # fewest batches per epoch, because the last partial batch is dropped

# By the place of the file, the targets, how it is read, and what the file is: when and how large.
_known: dict[tuple[str, tuple[str, ...], Reading, tuple[int, ...]], "OwnDataset"] = {}


@dataclass(frozen=True, kw_only=True)
class OwnDataset(TabularDataset):
    """A dataset from a user's own file; it has more inputs than columns where categories become several.

    asked: the targets, and how the file is read.
    understood: its format in words.
    origins: the columns of the file that are inputs.
    """

    asked: Asked
    understood: str = ""
    origins: tuple[str, ...] = ()

    def read(self, files: Sequence[Raw], layout: Layout, source: str) -> Table:  # noqa: ARG002 - `asked` says how
        """The table of the file."""
        return _read(files[0], self.asked, source)[0].table


def from_file(path: str | Path, target: str | Sequence[str] = (), reading: Reading = USUAL) -> tuple[OwnDataset, Table]:
    """Make a dataset of a file; returns its description and table. Raises a one-line `UsageError` for a bad file.

    Args:
        path: of a file, or `openml:ID`.
        target: the column to predict, or several; in a file without header its number, from 1. By default the last.
        reading: how the file is read.
    """
    asked = Asked((target,) if isinstance(target, str) else tuple(target), reading)
    place = absolute(path)
    source = OwnFile(place, options=options(reading, asked.targets))
    try:
        found, understood = _read(source.files()[0], asked, source.name)
    except Absent as error:
        raise (DataUnavailable if OPENML.fullmatch(place) else UsageError)(str(error)) from None
    except Refused as error:
        named_already = Path(place).name in str(error)
        raise UsageError(str(error) if named_already else f"{path}: {error}") from None
    table = found.table
    if table.rows < FEWEST_ROWS:
        few = f"{table.rows} row{'s' * (table.rows != 1)}"
        raise UsageError(f"{path} has {few}; to be split it needs {FEWEST_ROWS} or more")
    for name, values in zip(found.targets, table.y.T, strict=True):
        if values.min() == values.max():
            raise UsageError(f"{path}: the target '{name}' is {values[0]:g} in every row; name another column")
    return _described(found, source, understood, reading), table


def describe(path: str | Path, target: str | Sequence[str] = (), reading: Reading = USUAL) -> OwnDataset:
    """The description of `from_file` alone; a file that did not change is not read again."""
    place = absolute(path)
    try:
        status = Path(place).stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        stamp = (0, 0, 0)  # reading it says what is wrong
    key = (place, (target,) if isinstance(target, str) else tuple(target), reading, stamp)
    if key not in _known:
        _known[key] = from_file(path, target, reading)[0]
    return _known[key]


def forget() -> None:
    """Read every file again that is described from now on."""
    _known.clear()


def column_names(path: str | Path, reading: Reading = USUAL) -> tuple[str, ...]:
    """The columns of a file, as they may be named to be the target; the numbers 1, 2, ... where it has no header."""
    try:
        return formats.column_names(OwnFile(absolute(path)).files()[0], reading)
    except Refused as error:
        raise UsageError(str(error)) from None


def batch_size(rows: int) -> int:
    """Rows per step for a training part of this many rows.

    >>> [batch_size(rows) for rows in (43_152, 17_010, 6_553, 1_000, 100)]
    [1024, 512, 256, 64, 16]
    """
    found = next((size for least, size in BATCH_SIZES if rows >= least), 64)
    while found > 1 and rows < found * SMALLEST_BATCHES:
        found //= 2
    return found


def absolute(path: str | Path) -> str:
    """The place of a file that does not depend on the working folder; of OpenML its own name."""
    if OPENML.fullmatch(str(path)):
        return str(path).lower()
    return str(named(path).resolve())


def _read(raw: Raw, asked: Asked, source: str) -> tuple[Found, str]:
    """What a file holds, and its format in words."""
    parsed, understood = formats.parse(raw, asked.reading, asked.targets)
    found = table_of(parsed, asked, source)
    return found, f"{understood}, decimal comma" if found.comma else understood


def _described(found: Found, source: OwnFile, understood: str, reading: Reading) -> OwnDataset:
    table = found.table
    sizes = nested_sizes(table.rows)
    return OwnDataset(
        alias="",
        columns=table.columns,
        target=table.target,
        targets=found.targets if len(found.targets) > 1 else (),
        inputs=table.width if isinstance(table, Coded) else len(table.columns),
        sizes=sizes,
        seen=count_seen(prepared(table)),
        batch_size=batch_size(sizes[0]),
        digest=digest_of(table),
        licence="your own",
        url=table.source,
        reference="",
        sources=(source,),
        notes=found.notes,
        asked=Asked(found.targets, reading),
        understood=understood,
        origins=found.origins,
    )
