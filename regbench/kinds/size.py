"""The size of a dataset, for the cost of jobs."""

from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

from regbench import catalog, roots


@dataclass(frozen=True)
class Size:
    """Rows for training, validation and test, and the inputs of a row: a number of columns, or a shape."""

    rows: tuple[int, int, int] = (8_000, 1_000, 1_000)
    inputs: Any = 16

    @property
    def values(self) -> int:
        """The number of input values per row."""
        return prod(self.inputs) if isinstance(self.inputs, tuple) else int(self.inputs)


def size_of(dataset: str) -> Size:
    """The size of a dataset by the catalog; a guess if it is not in the catalog."""
    return _size_of(dataset, roots.generation())


@cache
def _size_of(dataset: str, _generation: int) -> Size:
    if dataset not in catalog.names("datasets"):
        return Size()
    said = catalog.entry("datasets", dataset).arguments
    return Size(said["sizes"], said["inputs"])
