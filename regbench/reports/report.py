"""What a report is: a frame in, numbers out (`compute`), and from the numbers a table, frames and a picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regbench import metrics
from regbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_DIGITS = 12  # decimals; further ones are rounding noise of means
UNITS = ("scaled", "original")
Legend = tuple[tuple[str, str], ...]  # signs that cells begin with, and their meanings; see `text.marks`


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
    claims: tuple[str, ...] = ()  # single claims, shown with all that decides them
    units: str = "scaled"
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # dataset → lowest, highest training target
    select: str = "best-val"  # how the store chose the epoch; named in the caption
    paper: bool = False  # the paper's own values beside ours
    digits: int | None = None  # decimals in tables; None: three of a ratio, five significant digits of an error
    columns: tuple[str, ...] = ()  # named by the user, of which some are made on request only

    def __post_init__(self) -> None:
        """Refuse a metric or a unit that does not exist."""
        metrics.about(self.metric)
        check_digits(self.digits)
        if self.units not in UNITS:
            raise UsageError(f"units: no '{self.units}'{did_you_mean(self.units, UNITS)}")


def check_digits(digits: int | None) -> None:
    """Refuse a number of decimals that no table can have."""
    if digits is not None and not 0 <= digits <= MOST_DIGITS:
        raise UsageError(f"--digits {digits}: must be from 0 to {MOST_DIGITS}")


@dataclass(frozen=True)
class Encoders:
    """What figures of encoders read: cells, as any other report, and the stored arrays of runs.

    dimensions: digest of a dataset → M, the dimensions of its target.
    parameters: id of a run → its method's parameters at the best epoch, by name; empty if none are stored.
    targets: name and digest of a dataset → scaled training targets (N, M); None where the data are not here.
    """

    cells: "DataFrame"
    dimensions: Mapping[str, int]
    parameters: Callable[[int], Mapping[str, Any]]
    targets: Callable[[str, str], Any]


@dataclass(frozen=True)
class Beside:
    """What a table of a paper has beside the printed numbers; what has not been run is missing.

    cells: name of a benchmark, as in `Report.shows` → its cells.
    features: metrics of features of the first benchmark, as `Store.curves` gives them; None if nothing was run.
    variances: dataset → variance of its test labels, the mean over target dimensions, where the data are here.
    cost: what was measured of the time and memory of regularizers, as JSON; None if nothing was.
    """

    cells: "Mapping[str, DataFrame]" = field(default_factory=dict)
    features: "DataFrame | None" = None
    variances: Mapping[str, float] = field(default_factory=dict)
    cost: Any = None


@dataclass(frozen=True)
class Recorded:
    """What figures of features and weights read: cells, as any other report, and the arrays that runs kept for figures.

    arrays: id of a run → epoch → name → float32 array, such as `features` (N, H); empty if the run kept none.
    """

    cells: "DataFrame"
    arrays: Callable[[int], Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True)
class Table:
    """A table as text: cells are strings, with a caption above and notes below.

    The first `index` columns name the row; they are repeated where a wide table is cut into blocks. `rules` are the
    rows, counted from 0, above which a line sets apart what follows. `more` are further grids under the same caption,
    each below its own `title`; `others` are tables with captions of their own. `label` is for references in LaTeX.
    `legend` explains the signs that cells begin with, behind the caption.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    index: int = 1
    rules: tuple[int, ...] = ()
    title: str = ""
    more: "tuple[Table, ...]" = ()
    others: "tuple[Table, ...]" = ()
    label: str = ""
    legend: Legend = ()


def rows_alone(numbers: Any) -> "dict[str, DataFrame]":
    """The frames of a report whose numbers are one frame."""
    return {"rows": numbers.rows}


@dataclass(frozen=True, kw_only=True)
class Report:
    """One table or figure: the functions that compute, show and draw it.

    needs: what `compute` takes: cells, curves, choices, sweeps, encoders, features, claims, beside, page, or nothing
        (catalog).
    frames: full precision; the first is the report's CSV file.
    plain: the plain text, if it is not the table. data: the JSON, if it is more than the frames.
    page: a whole HTML page, for a report that is one.
    benchmark: the one shown without `--benchmark`; if it has no runs and `or_last` is set, the benchmark run last.
    reference: the benchmark whose reference models are shown too, if they have been run.
    names: the metrics that curves hold besides the one asked for, or that `Beside.features` has.
    shows: the benchmarks whose cells `Beside` has, if they were run; `benchmark` is not used then.
    metrics: the further metrics that these cells have columns of.
    variances: whether to compute `Beside.variances`.
    by_shot: whether its cells also have the metric, and the usual ones, over many, median and few.
    file: the name of a file with costs in the folder of results.
    has_paper: whether it can show the paper's own numbers beside ours.
    has_digits: whether its table has as many decimals as a user asks for.
    """

    title: str
    compute: Callable[[Any, Options], Any]
    table: Callable[[Any], Table]
    frames: Callable[[Any], Mapping[str, "DataFrame"]] = rows_alone
    draw: "Callable[[Any], Figure] | None" = None
    page: Callable[[Any], str] | None = None
    plain: Callable[[Any, int | None], str] | None = None
    data: Callable[[Any], dict[str, Any]] | None = None
    needs: str = "cells"
    names: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    variances: bool = False
    by_shot: bool = False
    file: str = ""
    benchmark: str | None = None
    or_last: bool = True
    reference: str | None = None
    has_paper: bool = False
    has_digits: bool = False
