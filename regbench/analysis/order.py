"""The order of rows and columns everywhere: first as in the paper, then alphabetical."""

import re
from functools import cache

from regbench import catalog, kinds
from regbench.papers import bridges

NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")  # not the 2 of end2end
LAST = 1_000  # the place of a reference model that gives none


@cache
def alias(dataset: str) -> str:
    """The short name of a dataset, or its full name where it has none."""
    if dataset not in catalog.names("datasets"):
        return dataset
    return catalog.entry("datasets", dataset).arguments.get("alias") or dataset


def full_name(alias: str) -> str:
    """The full name of a dataset from its short name; other names are returned as they are.

    >>> full_name("DM"), full_name("mine")
    ('diamonds', 'mine')
    """
    return _by_alias().get(alias, alias)


@cache
def _by_alias() -> dict[str, str]:
    return {alias(name): name for name in catalog.names("datasets")}


def dataset_key(dataset: str) -> tuple[int, str]:
    """Sorts datasets as Table 1 of the first paper does."""
    short = alias(dataset)
    return (bridges.DATASETS.index(short) if short in bridges.DATASETS else len(bridges.DATASETS), short)


def method_key(method: str) -> tuple[int, str]:
    """Sorts methods as the first paper lists them, then other methods, then baselines by their `place`."""
    if method in bridges.METHODS:
        return (bridges.METHODS.index(method), method)
    if not kinds.is_reference(method):
        return (len(bridges.METHODS), method)
    place = catalog.entry("baselines", method).arguments.get("place", LAST)
    return (len(bridges.METHODS) + 1 + place, method)


def row_key(method: str, variant: str, k: int | None, lambda_sigma: float | None) -> tuple[object, ...]:
    """Sorts the rows of a table as Table 2 does: method, then λ_σ from wide to narrow, then k."""
    return (method_key(method), -(lambda_sigma or 0.0), natural(variant), k or 0)


def natural(text: str) -> tuple[tuple[bool, float, str], ...]:
    """Sorts names with the numbers in them by size.

    >>> sorted(["end2end[alpha=0.1]", "end2end[alpha=1e-05]", "end2end[alpha=-1]", "end2end"], key=natural)
    ['end2end', 'end2end[alpha=-1]', 'end2end[alpha=1e-05]', 'end2end[alpha=0.1]']
    """
    parts = NUMBER.split(text)
    return tuple((bool(place % 2), float(part) if place % 2 else 0.0, part) for place, part in enumerate(parts))
