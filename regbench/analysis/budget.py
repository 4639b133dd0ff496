"""How many configurations were tried to choose the hyper-parameters of each row of a table."""

from typing import TYPE_CHECKING, Any, NamedTuple

from regbench import kinds
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import CELL, with_width
from regbench.errors import some

if TYPE_CHECKING:
    from pandas import DataFrame

Row = tuple[Any, ...]  # the values of CELL without the dataset


class Tried(NamedTuple):
    """The fewest and the most configurations that a sweep tried for a cell of a row."""

    fewest: int
    most: int

    @property
    def text(self) -> str:
        """The number, or the range of it.

        >>> Tried(4, 4).text, Tried(4, 12).text
        ('4', '4 to 12')
        """
        return str(self.fewest) if self.fewest == self.most else f"{self.fewest} to {self.most}"


def by_row(frame: "DataFrame") -> dict[Row, Tried]:
    """The configurations tried for each row that a sweep chose values for; the others are not in it."""
    if "tried" not in frame or frame["tried"].isna().all():
        return {}
    chosen = with_width(frame[frame["tried"].notna()])
    counts = chosen.groupby(CELL[1:], dropna=False, sort=False)["tried"].agg(["min", "max"]).reset_index()
    return {
        tuple(null(row[name]) for name in CELL[1:]): Tried(int(row["min"]), int(row["max"])) for row in records(counts)
    }


def note(tried: dict[Row, Tried], rows: dict[Row, str]) -> list[str]:
    """One line where the rows of a table, with their names, had different numbers of configurations to choose from.

    Reference models take no part: no sweep chooses for them.
    """
    named: dict[str, list[str]] = {}
    tuned = [row for row in rows if not kinds.is_reference(str(row[0]))]
    for row in sorted(tuned, key=lambda row: tried.get(row, Tried(0, 0))):
        named.setdefault(tried[row].text if row in tried else "none, so its defaults", []).append(rows[row])
    if len(named) < 2:
        return []
    said = "; ".join(f"{count}: {some(names, most=3)}" for count, names in named.items())
    return [f"tuning budgets differ: configurations that a sweep tried for each cell ({said})"]
