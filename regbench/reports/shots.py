"""Errors by how many training rows are near: over all test rows and over those of many, median and few shots."""

from dataclasses import dataclass
from functools import partial

from pandas import DataFrame

from regbench import metrics
from regbench.analysis import aggregate, order, select
from regbench.analysis.aggregate import records, shown_with
from regbench.errors import NothingMeasured
from regbench.metrics import SHOTS
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import marking, tables, units
from regbench.reports.text import words

USUAL = "mae"  # as papers on imbalanced regression have it


@dataclass(frozen=True)
class Numbers:
    """One row per cell with the metric over all rows and over each shot."""

    rows: DataFrame
    metric: str
    units: str  # in words
    source: str
    notes: tuple[str, ...]
    digits: int | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The metrics shown, and what they are called above their columns."""
        return _columns(self.metric)


def compute(frame: DataFrame, options: Options) -> Numbers:
    """The cells of a benchmark whose datasets or protocol count the training rows near each row."""
    metric = options.metrics[0] if len(options.metrics) == 1 else USUAL
    columns = _columns(metric)
    shown = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    cells = aggregate(shown, tuple(dict.fromkeys([*shown_with(metric), *columns])))
    if not any(cells[f"{name}_mean"].notna().any() for name in list(columns)[1:]):
        raise NothingMeasured(
            f"no run here has {metrics.about(metric).label} over many, median and few: its dataset has no rule of "
            "shots; `shots: density` in the protocol of a benchmark counts rows by target on any table"
        )
    rows = units.convert(marking.marked(cells, list(columns), shown), options)
    notes = (
        *words.synthetic(frame, cells["dataset"]),
        "many, median, few: by the number of training rows with targets near that of the row",
        *marking.untold(rows, metric),
        *words.gaps(cells),
        *cells.attrs.get("left_out", ()),
    )
    unit = units.named(cells, options.units)
    return Numbers(rows, metric, unit, words.source(frame, options), notes, options.digits)


def table(numbers: Numbers) -> Table:
    """A grid for each dataset: rows by shots."""
    about = metrics.about(numbers.metric)
    usual = words.usual_seeds(numbers.rows)
    unit = f", in {numbers.units}" if about.unit == "target" else ""
    caption = (
        f"Test {about.label} by shots{unit}, {about.direction}, mean ± standard deviation over seeds. "
        f"{numbers.source}; {words.seeds(numbers.rows)}."
    )
    datasets = sorted(set(numbers.rows["dataset"]), key=order.dataset_key)
    blocks = [_grid(numbers, dataset, usual) for dataset in datasets]
    better = "lowest mean" if about.better == "low" else f"best mean ({about.direction})"
    return marking.explained(tables.stacked(caption, blocks, numbers.notes), better)


def _columns(metric: str) -> dict[str, str]:
    return {metric: "all", **{f"{shot}/{metric}": shot for shot in SHOTS}}


def _grid(numbers: Numbers, dataset: str, usual: words.Seeds) -> Table:
    """The rows of one dataset, reference models below a rule."""
    rows = records(numbers.rows[numbers.rows["dataset"] == dataset])
    cell = partial(tables.error, usual=usual, digits=numbers.digits)
    lines = tuple((*tables.row_names(row), *(cell(row, name) for name in numbers.columns)) for row in rows)
    header = (*tables.NAMES, *numbers.columns.values())
    rules = tables.rule_above_baselines([row["method"] for row in rows])
    grid = Table("", header, lines, index=len(tables.NAMES), rules=rules, title=order.alias(dataset))
    return tables.compact(grid)


REPORT = Report(
    title="Errors over test rows with many, median and few training rows near",
    compute=compute,
    table=table,
    by_shot=True,
    has_digits=True,
)
