"""The description of a dataset in `datasets/`, and how raw files become its canonical table."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regbench.data.canonical import canonical
from regbench.data.columns import TextTable
from regbench.data.depth import DepthFolder
from regbench.data.folder import ImageFolder
from regbench.data.parsing import parse
from regbench.data.raw import Raw, Refused
from regbench.data.sources import Layout, Source, as_csv
from regbench.data.table import Float64, Table


@dataclass(frozen=True, kw_only=True)
class TabularDataset:
    """Numeric columns and a numeric target.

    alias: the abbreviation used in papers.
    columns, target: canonical names, in canonical order.
    targets: the columns of a multi-dimensional target; `target` then is their common name.
    inputs: number of columns.
    sizes: rows for training, validation and test.
    batch_size: the one of the first paper.
    digest: of the canonical table; the table from any source must have it.
    sources: where the table can come from, tried in this order.
    seen: how many rows of the validation and of the test part have inputs that a training row has too, on the fixed
        split.
    official: whether the split is official: the rows stand in the order training, validation, test, with these sizes.
    synthetic: whether the data are synthetic; every table and figure of the dataset says so.
    simulated: whether a simulation made synthetic data, rather than a formula.
    notes: what was assumed or left out when a user's own file was read.
    """

    alias: str
    columns: tuple[str, ...]
    target: str
    inputs: int
    sizes: tuple[int, int, int]
    batch_size: int
    digest: str
    licence: str
    url: str
    reference: str
    sources: Sequence[Source] = field(default=())
    backbone: str = "mlp"
    targets: tuple[str, ...] = ()
    seen: tuple[int, int] = (0, 0)
    official: bool = False
    synthetic: bool = False
    simulated: bool = False
    notes: tuple[str, ...] = ()

    def read(self, files: Sequence[Raw], layout: Layout, source: str) -> Table:
        """The canonical table; the rows of the raw files are concatenated in order."""
        if layout.derive is not None:
            files = [as_csv(layout.derive(files), "derived.csv")]
        tables = [parse(raw, header=layout.header, separator=layout.separator) for raw in files]
        targets = self.targets or (self.target,)
        x, y = (
            np.stack([_stacked(tables, layout.names.get(name, name)) for name in names], axis=1)
            for names in (self.columns, targets)
        )
        x *= [layout.factors.get(name, 1.0) for name in self.columns]
        order = _order(tables, layout.order_by, len(y))
        if layout.complete:
            order = order[~np.isnan(np.concatenate([x, y], axis=1)[order]).any(1)]
        refuse_gaps(x[order], self.columns)
        refuse_gaps(y[order], targets)
        target = np.log1p(y) if layout.log_target else y
        parts = self.sizes if self.official else None
        table = Table(x[order], target[order], columns=self.columns, target=self.target, source=source, parts=parts)
        return table if layout.exact else canonical(table)


@dataclass(frozen=True, kw_only=True)
class ImageDataset:
    """Images in one NumPy archive, `{train,val,test}_{images,labels}`, with an official split; fields as above."""

    alias: str
    target: str
    inputs: tuple[int, int, int]
    sizes: tuple[int, int, int]
    batch_size: int
    digest: str
    licence: str
    url: str
    reference: str
    sources: Sequence[Source] = field(default=())
    backbone: str = "cnn"

    def read(self, files: Sequence[Raw], layout: Layout, source: str) -> Table:  # noqa: ARG002 - images have one layout
        """The canonical table: parts in row order, channels first."""
        images, labels = [], []
        for part in ("train", "val", "test"):
            images.append(self._array(files[0], f"{part}_images"))
            labels.append(self._array(files[0], f"{part}_labels"))
        x, y = np.concatenate(images), np.concatenate(labels).astype(np.float64)
        channels, height, width = self.inputs
        if x.dtype != np.uint8 or x.shape != (len(y), height, width, channels) or y.shape != (len(x), 1):
            raise Refused(
                f"{files[0].name} holds images {x.shape} of {x.dtype} and labels {y.shape}, not {self.inputs}"
            )
        train, val, test = (len(part) for part in images)
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return canonical(Table(x=x, y=y, target=self.target, source=source, parts=(train, val, test)))

    @staticmethod
    def _array(raw: Raw, name: str) -> NDArray[np.generic]:
        try:
            with np.load(io.BytesIO(raw.uncompressed()), allow_pickle=False) as archive:
                return archive[name]
        except KeyError:
            raise Refused(f"{raw.name} holds no array '{name}'") from None
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise Refused(f"{raw.name} is no NumPy archive, or a damaged one: {str(error)[:100]}") from None


Dataset = TabularDataset | ImageDataset | ImageFolder | DepthFolder


def words(text: str) -> tuple[str, ...]:
    """Split a text into names at its blanks.

    >>> words("carat depth table")
    ('carat', 'depth', 'table')
    """
    return tuple(text.split())


def refuse_gaps(values: Float64, names: Sequence[str]) -> None:
    """Refuse columns with missing or infinite values, by name and count."""
    gaps = (~np.isfinite(values)).sum(0)
    found = [f"{name} ({count})" for name, count in zip(names, gaps, strict=True) if count]
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise Refused(f"missing or infinite values in {', '.join(found[:5])}{more}; fill them in or drop them")


def _stacked(tables: Sequence[TextTable], name: str) -> Float64:
    return np.concatenate([table.numbers(name) for table in tables])


def _order(tables: Sequence[TextTable], order_by: Sequence[str], rows: int) -> NDArray[np.int64]:
    """Row numbers in canonical order; a column is sorted as numbers if it holds only numbers, else as text."""
    if not order_by:
        return np.arange(rows)
    keys = []
    for name in order_by:
        cells = [cell for table in tables for cell in table.strings(name)]
        try:
            keys.append(np.array(list(map(float, cells))))
        except ValueError:
            keys.append(np.unique(np.array(cells), return_inverse=True)[1])
    return np.lexsort(keys[::-1])  # a stable sort; its last key is the primary one
