"""How large a dataset is, as far as the cost of a job depends on it."""

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
        """Numbers that one row of inputs has."""
        return prod(self.inputs) if isinstance(self.inputs, tuple) else int(self.inputs)


def size_of(dataset: str) -> Size:
    """What the catalog says of a dataset; of one that is not in it, a guess."""
    return _size_of(dataset, roots.generation())


@cache
def _size_of(dataset: str, _generation: int) -> Size:
    if dataset not in catalog.names("datasets"):
        return Size()
    said = catalog.entry("datasets", dataset).arguments
    return Size(said["sizes"], said["inputs"])
