"""The rows of the published tables, by the functions that `regbench report` uses."""

from pathlib import Path
from typing import NamedTuple

from regbench import reports, store, variants
from regbench.campaign import places
from regbench.reports import Options

PUBLISHED = Path("results", "published")
FOLDERS = ("heads", "bridges/chosen", "tightness/cross", "tightness/coordinates")
AVERAGES = ("geo. mean", "median")  # columns that a page leaves out


class Place(NamedTuple):
    """Some rows of one published table, and the command that prints the whole of it."""

    benchmark: str
    command: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(root: Path) -> list[Place]:
    """Every published table, whole."""
    report = reports.load("normalized")
    found = []
    for folder in FOLDERS:
        with places.exports(root / PUBLISHED / folder, store.DISTILLED, print) as opened:
            for name in map(str, opened.benchmarks()["name"]):
                table = report.table(report.compute(opened.cells(name), Options(benchmark=name)))
                kept = [place for place, title in enumerate(table.header) if title not in AVERAGES]
                rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
                command = f"regbench report -b {name} --from {(PUBLISHED / folder).as_posix()}"
                found.append(Place(name, command, tuple(table.header[place] for place in kept), rows))
    return found


def of(name: str, every: list[Place], baseline: str = "lsq") -> list[Place]:
    """The rows that a method or part has a share in, below the baseline's; tables without any are left out."""
    found = []
    for table in every:
        rows = [row for row in table.rows if name in _names(row[0])]
        if rows and name != baseline:
            rows = [*(row for row in table.rows if row[0] == baseline), *rows]
        elif name == baseline:  # a page for the baseline needs no row of every composition
            rows = [row for row in rows if "+" not in row[0]]
        if rows:
            found.append(table._replace(rows=tuple(rows)))
    return found


def _names(label: str) -> set[str]:
    """The method and the parts in a label; signs before it are no part of it."""
    return {part.name for part in variants.read(label.lstrip("*†≈ "))}
