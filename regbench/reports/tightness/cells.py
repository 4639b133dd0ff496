"""Our cells beside those of a printed table: rows matched by their parts, whatever their settings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from regbench import catalog, kinds, variants
from regbench.analysis import aggregate, order
from regbench.analysis.aggregate import null, records
from regbench.errors import UsageError, did_you_mean
from regbench.papers.tables import Number
from regbench.papers.tightness import METHODS, Cell, parts
from regbench.reports.report import Options, Table
from regbench.reports.shared import tables
from regbench.reports.text import words
from regbench.reports.text.marks import BEST
from regbench.reports.text.symbols import joined
from regbench.reports.text.words import MISSING

NOT_RUN = "not run"
COUNTS = ("n", "n_expected", "diverged")
MINE = (*COUNTS, "mean", "std")
THEIRS = ("paper_mean", "paper_std")
TINY = 1e-4  # smaller numbers are written with an exponent
LEGEND = ((BEST, "best mean of its column among the methods with most seeds, of the paper's among its rows"),)


def notes_of(frame: pd.DataFrame | None) -> tuple[str, ...]:
    """What a benchmark's frame says was left out."""
    return () if frame is None else tuple(frame.attrs.get("left_out", ()))


def made_up(frame: pd.DataFrame | None) -> list[str]:
    """The notes that mark synthetic data among the runs of a benchmark."""
    return [] if frame is None or frame.empty else words.synthetic(frame, dict.fromkeys(frame["dataset"]))


@dataclass(frozen=True)
class Numbers:
    """One row per cell, the numbers of both in full; and the words around them."""

    rows: pd.DataFrame
    source: str
    notes: tuple[str, ...]


def measured(frame: pd.DataFrame | None, metrics: Mapping[str, str], power: int = 1) -> pd.DataFrame:
    """The cells of our runs, long: dataset, variant, metric's column, counts, mean and standard deviation.

    Args:
        frame: cells of a benchmark; None if it was not run.
        metrics: column of the printed table → our metric.
        power: the numbers are this power of each run's metric.
    """
    columns = ["dataset", "method", "variant", "column", *MINE]
    if frame is None or frame.empty:
        return pd.DataFrame(columns=columns)
    found = []
    for column, metric in metrics.items():
        name = f"test_{metric}"
        values = frame.get(name, np.nan)
        cells = aggregate(frame.assign(test_shown=values**power), metrics=("rmse", "shown"))
        found.append(cells.rename(columns={"shown_mean": "mean", "shown_std": "std"}).assign(column=column))
    return pd.concat(found, ignore_index=True)[columns]


def beside(printed: Sequence[Cell], ours: pd.DataFrame, higher: Sequence[str] = ()) -> pd.DataFrame:
    """One row per printed cell and each of our variants with its parts; then the cells that only we have.

    A printed row without settings is matched by the names of its parts, one with settings only by the same row. In the
    columns `higher` the highest number is the best.
    """
    columns = list(dict.fromkeys(cell.column for cell in printed))
    mine = [{**row, "method": _key(row["variant"], printed)} for row in records(ours)]
    rows = []
    for cell in printed:
        key = variants.parse(cell.row).label
        alike = [row for row in mine if (row["column"], row["method"]) == (cell.column, key)]
        theirs = dict(zip(THEIRS, (cell.mean.value, cell.std.value if cell.std else None), strict=True))
        texts = {"paper": text(cell.mean, cell.std)}
        rows += [
            {**(theirs if not place else {}), **(texts if not place else {}), **row}
            for place, row in enumerate(alike or [{"method": key, "variant": None, "column": cell.column}])
        ]
    known = {variants.parse(cell.row).label for cell in printed}
    rows += [row for row in mine if row["method"] not in known and row["column"] in columns]
    frame = pd.DataFrame(rows, columns=["method", "variant", "column", *MINE, *THEIRS, "paper"])
    frame = frame.astype({"mean": float, "std": float, "paper_mean": float, "paper_std": float})
    frame[list(COUNTS)] = frame[list(COUNTS)].fillna(0).astype(int)
    frame["paper"] = frame["paper"].fillna("")
    frame["best"], frame["paper_best"] = _best(frame, "mean", higher), _best(frame, "paper_mean", higher)
    return frame


def in_full(rows: pd.DataFrame) -> pd.DataFrame:
    """The numbers of both, without what only a table shows."""
    return rows.drop(columns=["paper", "best", "paper_best"])


def paper_alone(rows: pd.DataFrame) -> pd.DataFrame:
    """The paper's numbers, of a table that nothing of ours stands in."""
    return in_full(rows).drop(columns=[*MINE, "variant"])


def text(mean: Number, std: Number | None) -> str:
    """A printed number with its digits.

    >>> text(Number(0.01, 3), Number(0.001, 3))
    '0.010 ± 0.001'
    """
    shown = f"{mean.value:.{mean.decimals}f}"
    return f"{shown} ± {std.value:.{std.decimals}f}" if std else shown


def chosen(rows: pd.DataFrame, options: Options, datasets: Iterable[str] = ()) -> pd.DataFrame:
    """The rows of the methods, and of the datasets if `datasets` says that columns are, that the user asked for.

    Raises `UsageError` with the nearest name for one that the table does not have.
    """
    if options.datasets and datasets:
        known = {alias: name for name in datasets for alias in (name, order.alias(name))}
        names = [each if each in known else each.upper() for each in options.datasets]
        if unknown := next((each for each in names if each not in known), None):
            raise UsageError(f"no dataset called '{unknown}' in this table{did_you_mean(unknown, known)}")
        rows = rows[rows["column"].isin([known[each] for each in names])]
    if options.methods:
        known = [*dict.fromkeys((*rows["method"], *rows["variant"].dropna()))]
        names = [variants.parse(each).label for each in options.methods]
        if unknown := next((each for each in names if each not in known), None):
            raise UsageError(f"no method called '{unknown}' in this table{did_you_mean(unknown, known)}")
        rows = rows[rows["method"].isin(names) | rows["variant"].isin(names)]
    return rows.reset_index(drop=True)


def grid(
    title: str, rows: pd.DataFrame, columns: Mapping[str, str], cells: Sequence[tuple[str, Callable[[Any], str]]]
) -> Table:
    """Methods by columns, under each column one cell after the other; reference models stand below a rule.

    Args:
        title: above the grid.
        rows: as `beside` gives them.
        columns: column → its header.
        cells: for each cell of a column, what its header has besides the column's, and the text of a row.
    """
    shown = [column for column in columns if column in set(rows["column"])]
    lines, methods = [], []
    for name, settings, found in _lines(rows):
        texts = [cell(found[column]) if column in found else "" for column in shown for _, cell in cells]
        lines.append((name, settings, *texts))
        methods.append(kinds.is_reference(next(iter(found.values()))["method"]))
    first = methods.index(True) if True in methods else 0
    header = ("method", "settings", *(f"{columns[column]}{more}" for column in shown for more, _ in cells))
    if not any(settings for _, settings, *_ in lines):
        header, lines = (header[0], *header[2:]), [(line[0], *line[2:]) for line in lines]
        return Table("", header, tuple(lines), title=title, rules=(first,) if first else ())
    return Table("", header, tuple(lines), index=2, title=title, rules=(first,) if first else ())


def stacked(caption: str, rows: pd.DataFrame, columns: Mapping[str, str], notes: tuple[str, ...], theirs: str) -> Table:
    """A grid of our cells, and below it one of the printed ones."""
    mine = grid("Ours", rows, columns, [("", ours(words.usual_seeds(rows)))])
    paper = grid(theirs, rows[rows["paper"] != ""], columns, [("", printed)])
    return replace(tables.stacked(caption, [mine, paper], notes), legend=LEGEND)


def ours(usual: words.Seeds) -> Callable[[Any], str]:
    """The text of our cell: mean ± standard deviation, and (n/planned) where that is not the usual number."""

    def cell(row: Any) -> str:
        if not row["n_expected"]:
            return NOT_RUN
        if not row["n"]:
            return f"{words.DIVERGED if row['diverged'] else MISSING} (0/{row['n_expected']})"
        shown = number(row["mean"], row["std"])
        over = "" if (row["n"], row["n_expected"]) == usual else f" ({row['n']}/{row['n_expected']})"
        return BEST * bool(row["best"]) + shown + over

    return cell


def number(mean: Any, std: Any) -> str:
    """A mean of ours with its standard deviation, three and two digits; with an exponent where it is tiny.

    >>> number(210.6, 55.2), number(0.01, 0.0012), number(2.4e-13, None)
    ('211 ± 55', '0.0100 ± 0.0012', '2.4e-13')
    """
    if not words.has(mean):
        return MISSING
    return _digits(mean, 3) + (f" ± {_digits(std, 2)}" if words.has(std) else "")


def printed(row: Any) -> str:
    """The text of the paper's cell, its best marked."""
    return BEST * bool(row["paper_best"] and row["paper"]) + row["paper"]


def seeds(source: str, rows: pd.DataFrame, paper: str = "the paper has N = 10") -> str:
    """Where our numbers come from and how many seeds they have, for captions; then the same of the paper's."""
    said = words.seeds(rows) if len(rows) and rows["n"].any() else "nothing of ours has been run"
    said = "; ".join(filter(None, (source, said, paper)))
    return f"{said[0].upper()}{said[1:]}."


def source(frame: pd.DataFrame | None, options: Options) -> str:
    """Where our numbers come from; empty if there are none."""
    return "" if frame is None else words.source(frame, options)


def defaults(rows: pd.DataFrame) -> list[str]:
    """A note with the settings that the parts of our rows have by default, as tables do not repeat them."""
    labels = dict.fromkeys(rows["variant"].dropna())
    names = dict.fromkeys(part.name for label in labels for part in variants.read(label)[1:])
    said = [variants.write(name, catalog.part(name).settings) for name in names if catalog.kind_of_part(name)]
    return [f"settings that are not shown are the defaults: {', '.join(said)}"] if said else []


def gaps(rows: pd.DataFrame, benchmark: str) -> list[str]:
    """Notes on cells without runs: those that nobody planned, those without a finished run, those that diverged."""
    notes = []
    if (rows["n_expected"] == 0).any():
        notes.append(f"{NOT_RUN}: `regbench run {benchmark}` would train it")
    planned = rows[rows["n_expected"] > 0]
    if ((planned["n"] == 0) & (planned["diverged"] == 0)).any():
        notes.append(f"{MISSING}: no finished run, or none with this metric")
    if count := int(planned["diverged"].sum()):
        notes.append(f"{count} run{'s' * (count > 1)} diverged, and so in no mean ({words.DIVERGED}: all of a cell)")
    return notes


def symbol(part: str, setting: str) -> str:
    """How a table spells a setting of a part: λ for the weight of `rot`, M for the number of targets."""
    if (part, setting) == ("multi_target", "m"):
        return "M"
    return joined(catalog.part(part).symbols.get(setting, setting))


def _key(variant: str, printed: Sequence[Cell]) -> str:
    """The printed row that a variant of ours belongs to: the same row, else the one with its parts."""
    labels = {variants.parse(cell.row).label for cell in printed}
    return variant if variant in labels else parts(variant)


def _lines(rows: pd.DataFrame) -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    """The lines of a grid: name, settings, and column → row. A method with one variant per column is one line."""
    found = []
    for method, group in rows.groupby("method", sort=False):
        name = METHODS.get(str(method), str(method))
        if not group["column"].duplicated().any():
            each = {row["column"]: row for row in records(group)}
            found.append((name, _settings(each), each))
            continue
        for variant, own in group.groupby("variant", sort=False, dropna=False):
            each = {row["column"]: row for row in records(own)}
            found.append((name, "" if pd.isna(variant) else inside(str(variant)), each))
    return found


def _settings(each: Mapping[str, Mapping[str, Any]]) -> str:
    """The settings of a line that are not defaults; with the columns that have them, if not all do."""
    by_column = {column: inside(row["variant"]) for column, row in each.items() if null(row["variant"]) is not None}
    said: dict[str, list[str]] = {}
    for column, settings in by_column.items():
        said.setdefault(settings, []).append(order.alias(column))
    if len(said) < 2:
        return next(iter(said), "")
    return "; ".join(f"{' '.join(columns)}: {settings}" for settings, columns in said.items() if settings)


def inside(variant: str) -> str:
    """The settings in a label, each part's behind its name if several have some.

    >>> inside("lsq+multi_target+rot[gamma=0.02,weight=10000]"), inside("lsq")
    ('gamma=0.02, weight=10000', '')
    """
    given = {part.name: ", ".join(f"{key}={value}" for key, value in part.settings) for part in variants.read(variant)}
    given = {name: settings for name, settings in given.items() if settings}
    if len(given) < 2:
        return next(iter(given.values()), "")
    return ", ".join(f"{name} {settings}" for name, settings in given.items())


def _best(rows: pd.DataFrame, value: str, higher: Sequence[str]) -> pd.Series:
    """Whether a cell is the best of its column, of our cells only among methods with the most seeds."""
    loss = rows[value].where(~rows["column"].isin(list(higher)), -rows[value])
    usable = loss.where(~rows["method"].map(kinds.is_reference).astype(bool))
    if value == "mean":
        usable = usable.where(rows["n"] == rows["n"].where(usable.notna()).groupby(rows["column"]).transform("max"))
    return (usable == usable.groupby(rows["column"]).transform("min")) & usable.notna()


def _digits(value: float, digits: int) -> str:
    if value and abs(value) < TINY:
        return f"{value:.1e}"
    return words.number(value, f"#.{digits}g").removesuffix(".")
