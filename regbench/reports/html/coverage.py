"""Coverage of predicted intervals: the one level of calibration that the store keeps."""

from pandas import DataFrame

from regbench import variants
from regbench.analysis import aggregate, order, select
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured
from regbench.reports.html.dots import over
from regbench.reports.html.parts import MOST_LINES, Chart, chart, columns, palette
from regbench.reports.report import Options, Table
from regbench.reports.shared import looks, tables
from regbench.reports.text import words

NOMINAL = 0.9


def of(frame: DataFrame, options: Options) -> tuple[Chart, ...]:
    """The share of test targets inside the central 90 % interval of each predicted distribution."""
    k = options.k or (variants.DEFAULT_K,)
    shown = select(frame, k=k, datasets=options.datasets, methods=options.methods)
    cells = aggregate(shown, ("rmse", "coverage"))
    cells = cells[cells["coverage_mean"].notna()]
    if cells.empty:
        raise NothingMeasured(
            "no coverage is stored for these runs: methods that predict a distribution are scored after every epoch "
            "since there is this metric; train them anew, `regbench run heads` for instance"
        )
    if len(cells.drop_duplicates(["variant", "k"])) > MOST_LINES:
        raise NothingMeasured("coverage of so many rows has no room in one picture; `--method` chooses some")
    several = cells["k"].nunique() > 1
    named = {
        place: looks.label(row["method"], row["variant"], row["k"] if several else None)
        for place, row in enumerate(records(cells))
    }
    colours = _colours(cells, named)
    rows = []
    for place, row in enumerate(records(cells)):
        mean, spread = row["coverage_mean"], row["coverage_std"] if words.has(row["coverage_std"]) else 0.0
        found = {"coverage": mean, "low": mean - spread, "high": mean + spread, "N": row["n"]}
        rows.append({"dataset": order.alias(row["dataset"]), "row": named[place], **found})
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    domain = [max(0.0, min(low, NOMINAL - 0.02) - 0.01), min(1.0, max(high, NOMINAL + 0.02) + 0.01)]
    title = "coverage, best at 0.9"
    spec = over(title, colours, domain, NOMINAL, "coverage", rows)
    usual = words.usual_seeds(cells)
    table = tables.block("", cells, lambda row: words.cell(row, row["coverage_mean"], row["coverage_std"], usual))
    caption = f"Coverage of the central 90 % interval on test rows, mean ± standard deviation. {words.seeds(cells)}."
    return (
        chart(
            "coverage", "Coverage of predicted intervals", spec, columns(rows, [*rows[0]]),
            alt="Dots by dataset and method: share of test targets inside the central 90 % interval; a line at 0.9.",
            table=Table(caption, table.header, table.rows, index=table.index), colours=colours,
        ),
    )  # fmt: skip


def _colours(cells: DataFrame, named: dict[int, str]) -> dict[str, str]:
    """The colour of each row with its k."""
    lines = [(row["method"], (row["variant"], named[place])) for place, row in enumerate(records(cells))]
    known = palette(lines)
    return {line[1][1]: known[line] for line in dict.fromkeys(lines)}
