"""Datasets of the catalog with categories or gaps, by the same rules as users' own tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regbench.data.canonical import rounded
from regbench.data.columns import PythonCells, TextTable
from regbench.data.dataset import TabularDataset
from regbench.data.own.inputs import Asked, table_of
from regbench.data.parsing import parse
from regbench.data.raw import Raw
from regbench.data.sources import Layout
from regbench.data.table import Table
from regbench.reading import Preprocess, Reading


@dataclass(frozen=True, kw_only=True)
class MixedDataset(TabularDataset):
    """Columns of numbers and of categories.

    inputs: the number of inputs that the columns become, such as one for each level of a category.
    categorical: columns of numbers that are categories.
    """

    categorical: tuple[str, ...] = ()

    def read(self, files: Sequence[Raw], layout: Layout, source: str) -> Table:
        """The table of the columns, in their order, with canonical numbers; levels are as they are written."""
        tables = [parse(raw, header=layout.header, separator=layout.separator) for raw in files]
        names = (*self.columns, self.target)
        cells = tuple(
            PythonCells(tuple(cell for table in tables for cell in table.strings(layout.names.get(name, name))))
            for name in names
        )
        rules = Preprocess(missing="drop" if layout.complete else "median", categorical=self.categorical)
        asked = Asked((self.target,), Reading(keep_index=True, preprocess=rules))
        table = table_of(TextTable(files[0].name, names, cells), asked, source).table
        gaps = np.isnan(table.x)
        x = np.where(gaps, np.nan, rounded(np.where(gaps, 0.0, table.x)))
        return replace(table, x=x, y=rounded(table.y))
