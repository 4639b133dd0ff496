"""The table of ratios: rows are method × k × λ_σ, columns are datasets in Table 1's order and their means.

Reference models stand below a rule.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from regbench import kinds, variants
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.analysis.normalize import ROW, Normalized
from regbench.papers.bridges import WIDTH
from regbench.reports import _words
from regbench.reports._report import Table

MEANS = {"arithmetic": "mean", "geometric": "geo. mean", "median": "median"}


def ratio_table(normalized: Normalized, caption: str, notes: tuple[str, ...]) -> Table:
    """Mean ratio ± standard deviation per cell; arithmetic, geometric mean and median over several common datasets."""
    cells, means = normalized.cells, normalized.means
    datasets = sorted(set(cells["dataset"]), key=order.dataset_key)
    usual = _words.usual_seeds(cells)
    averaged = MEANS if len(datasets) > 1 else {}  # of one dataset every mean is the cell itself
    found = {(*_identity(row), row["dataset"]): row for row in records(cells)}
    rows = []
    for mean in records(means):
        across = [found.get((*_identity(mean), dataset)) for dataset in datasets]
        shown = [_words.cell(row, row["ratio"], row["ratio_std"], usual) if row else "" for row in across]
        averages = [_number(mean[name]) for name in averaged]
        rows.append((*row_names(mean), *shown, *averages))
    header = ("method", "k", "λσ", *map(order.alias, datasets), *averaged.values())
    rules = rule_above_baselines([mean["method"] for mean in records(means)])
    return compact(Table(caption, header, tuple(rows), notes, index=3, rules=rules))


def rule_above_baselines(methods: Sequence[str]) -> tuple[int, ...]:
    """The row of the first baseline, where methods stand above it.

    >>> rule_above_baselines(["lsq", "end2end", "ridge", "knn"]), rule_above_baselines(["ridge", "knn"])
    ((2,), ())
    """
    first = next((row for row, method in enumerate(methods) if kinds.is_reference(method)), 0)
    return (first,) if first else ()


def row_names(row: Any) -> tuple[str, str, str]:
    """Method, k and λ_σ of a row, the method with whatever else differs from its defaults."""
    name = variants.without(row["variant"], WIDTH)
    return name, _words.setting(row["k"]), _words.setting(row[WIDTH])


def compact(table: Table) -> Table:
    """The table less the naming columns that are empty throughout."""
    empty = [column for column in range(table.index) if not any(row[column] for row in table.rows)]
    kept = [column for column in range(len(table.header)) if column not in empty]
    rows = tuple(tuple(row[column] for column in kept) for row in table.rows)
    header = tuple(table.header[column] for column in kept)
    return replace(table, header=header, rows=rows, index=table.index - len(empty))


def caption(normalized: Normalized, source: str) -> str:
    """What the table shows, in one paragraph."""
    count = len(normalized.common)
    several = normalized.cells["dataset"].nunique() > 1
    over = f"; means over {count} dataset{'' if count == 1 else 's'}" if count else "; no means"
    return (
        f"Test {normalized.metric.upper()} relative to {normalized.baseline} (= 1), mean ± standard deviation over "
        f"seeds. {source}; {_words.seeds(normalized.cells)}{over if several else ''}."
    )


def _identity(row: Any) -> tuple[Any, ...]:
    return tuple(str(row[column]) for column in ROW)


def _number(value: float) -> str:
    return f"{value:.3f}" if _words.has(value) else _words.MISSING
