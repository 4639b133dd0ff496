"""What a report is: a frame in, numbers out (`compute`), and from the numbers a table, frames and a picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regbench import metrics
from regbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

UNITS = ("scaled", "original")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may ask of a report; every field has the default that `regbench report` has."""

    benchmark: str | None = None  # named in the caption
    normalize: str | None = "lsq"  # the baseline; None shows the errors themselves
    metric: str = "rmse"
    metrics: tuple[str, ...] = metrics.USUAL  # where a table shows both
    k: tuple[int, ...] = ()  # all, and 25 in the figures
    datasets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    units: str = "scaled"
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # dataset → lowest, highest training target
    select: str = "best-val"  # how the store chose the epoch; named in the caption
    paper: bool = False  # the paper's own values beside ours

    def __post_init__(self) -> None:
        """Refuse a metric or a unit that does not exist."""
        metrics.about(self.metric)
        if self.units not in UNITS:
            raise UsageError(f"units: no '{self.units}'{did_you_mean(self.units, UNITS)}")


@dataclass(frozen=True)
class Encoders:
    """What figures of encoders read: cells as everybody else, and the arrays of those runs that they choose to show.

    dimensions: digest of a dataset → M, the dimensions of its target.
    parameters: id of a run → the method's own at its best epoch, by name; empty where none are stored.
    targets: name and digest of a dataset → scaled training targets (N, M); None where the data are not here.
    """

    cells: "DataFrame"
    dimensions: Mapping[str, int]
    parameters: Callable[[int], Mapping[str, Any]]
    targets: Callable[[str, str], Any]


@dataclass(frozen=True)
class Table:
    """A table as people read it: strings, with what it shows above and what it leaves out below.

    The first `index` columns name the row; they are repeated where a wide table is cut into blocks. `rules` are the
    rows, counted from 0, above which a line sets apart what follows. `more` are further grids under the same caption,
    each below its own `title`.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    index: int = 1
    rules: tuple[int, ...] = ()
    title: str = ""
    more: "tuple[Table, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """One table or figure. `needs` says what `compute` takes: cells, curves, choices, encoders, or nothing (catalog).

    Without `--benchmark` it is over `benchmark`, or else, if `or_last`, over the one run last. The reference models of
    the benchmark `reference`, where they have been run, are shown too. Curves hold the metrics `names` besides the one
    asked for.
    """

    title: str
    compute: Callable[[Any, Options], Any]
    table: Callable[[Any], Table]
    frames: Callable[[Any], Mapping[str, "DataFrame"]]  # full precision; the first is the report's CSV file
    draw: "Callable[[Any], Figure] | None" = None
    needs: str = "cells"
    names: tuple[str, ...] = ()
    benchmark: str | None = None
    or_last: bool = True
    reference: str | None = None
    has_paper: bool = False  # whether it can lay the paper's own numbers beside ours
