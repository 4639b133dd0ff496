"""The colours, labels and markers of methods and datasets, the same in every figure.

The files of methods and reference models name their colour and label. The first paper's six have the colours of Okabe
and Ito (2008), which differ under any common colour blindness, and least squares is grey; other methods have the
remaining ones and Paul Tol's muted colours. Reference models are shades of one brown from light to dark.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any
from zlib import crc32

from regbench import catalog
from regbench.analysis import order
from regbench.analysis.aggregate import null
from regbench.reports.text import symbols
from regbench.visible import visible

SPARE = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")  # where a file has none: Tol's bright
LONGEST = 30  # characters of a dataset's name in figures
MARKERS = "osD^vP*X<>ph"  # of datasets, in the order of tables

Line = tuple[str, Hashable]  # a method, and what distinguishes its lines


def _said(method: str) -> dict[str, Any]:
    return catalog.row(method).arguments if method in catalog.rows() else {}


def colour(method: str) -> str:
    """The colour of a method; one without a colour gets a spare one that depends on its name alone."""
    return _said(method).get("colour") or SPARE[crc32(method.encode()) % len(SPARE)]


def label(method: str, variant: str = "", k: Any = None) -> str:
    """The label of a method in figures, with what its variant changes.

    >>> label("soft_binning", "soft_binning[lambda_sigma=1]", 5)
    'soft binning [λσ=1], k = 5'
    """
    changed = re.sub(r"\w+(?==)", _symbol, variant.removeprefix(method))
    at = "" if null(k) is None else f", k = {k}"
    return f"{_said(method).get('label') or method} {changed}".strip() + at


def dataset(name: str) -> str:
    r"""The short name of a dataset in figures; a dollar sign in it begins no mathematics.

    >>> dataset("diamonds"), dataset("us$.csv")
    ('DM', 'us\\$.csv')
    """
    shown = visible(order.alias(name))
    return (shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…").replace("$", r"\$")


def _symbol(found: re.Match[str]) -> str:
    return symbols.plain(found[0]).replace("_", "") if found[0] in symbols.symbols() else found[0]


def colours(lines: Iterable[Line]) -> dict[Line, str]:
    """A colour for each line; further lines of a method are darker.

    >>> colours([("lsq", "lsq"), ("lsq", "lsq[x=1]")])
    {('lsq', 'lsq'): '#8C8C8C', ('lsq', 'lsq[x=1]'): '#4D4D4D'}
    """
    seen: Counter[str] = Counter()
    found = {}
    for method, rest in sorted(dict.fromkeys(lines), key=str):
        found[method, rest] = mixed(colour(method), 0.55 ** seen[method] - 1)
        seen[method] += 1
    return found


def shades(method: str, count: int) -> list[str]:
    """`count` shades of a method's colour, the darkest first.

    >>> shades("lsq", 2)
    ['#464646', '#C6C6C6']
    """
    return [mixed(colour(method), number / max(1, count - 1) - 0.5) for number in range(count)]


def mixed(colour: str, light: float) -> str:
    """The colour mixed with white, or with black where `light` is negative; 1 is white and -1 is black."""
    channels = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    towards = 255 if light > 0 else 0
    return "#" + "".join(f"{round(channel + (towards - channel) * abs(light)):02X}" for channel in channels)


def marker(place: int) -> str:
    """The marker of the dataset at that position in their order."""
    return MARKERS[place % len(MARKERS)]
