"""Figures for paper: sizes, type, and files that are the same bytes every time."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN, TEXT = 3.25, 6.75  # width in inches of one column, and of the text, of a two-column conference paper
DPI = 300
STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "regbench",  # the same identifiers every time
}


@contextmanager
def style() -> Iterator[None]:
    """What every figure is drawn and saved under."""
    with mpl.rc_context(STYLE):
        yield


def encode(figure: "Figure", form: str) -> bytes:
    """The figure as `svg`, `pdf` or `png`, without a date in it."""
    date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form)
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format=form, dpi=DPI, metadata=date)
    return buffer.getvalue()
