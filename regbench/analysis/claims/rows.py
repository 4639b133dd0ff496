"""A row of a table at one k, as claims name it, and missing cells."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from regbench import catalog, variants


class Row(NamedTuple):
    """A method's variant at one k; None where the method has none."""

    variant: str
    k: int | None

    def __str__(self) -> str:
        return self.variant if self.k is None else f"{self.variant} (k = {self.k})"


class Missing(NamedTuple):
    """The missing cells that a number needs, each with the reason."""

    cells: tuple[tuple[str, Row, str], ...]  # dataset, row, why


@cache
def row(text: str, k: int | None) -> Row:
    """A row from its name; a k in the name takes precedence over the argument.

    >>> row("soft_binning[lambda_sigma=1,k=5]", 25), row("lsq", 25)
    (Row(variant='soft_binning[lambda_sigma=1]', k=5), Row(variant='lsq', k=None))
    """
    wanted = variants.parse(text)
    known = wanted.method in catalog.names("methods")
    ignores_k = known and not catalog.entry("methods", wanted.method).arguments["uses_k"]
    return Row(wanted.label, None if ignores_k else wanted.k or k)


def missing(parts: Iterable["Missing | object"]) -> "Missing | None":
    """All missing cells, each once; None where nothing is missing."""
    cells = [cell for part in parts if isinstance(part, Missing) for cell in part.cells]
    return Missing(tuple(dict.fromkeys(cells))) if cells else None
