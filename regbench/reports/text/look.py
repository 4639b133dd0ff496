"""How a table is shown: which of its columns, and under whose caption and label."""

import re
from dataclasses import dataclass, replace

from regbench.errors import UsageError, did_you_mean
from regbench.reports.report import Table
from regbench.reports.text.render import with_columns

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/+-]*")  # what LaTeX, hyperref and cleveref all accept


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a user asks of the text of a table.

    columns: the columns after those that name the row, by their headers and in this order; all if empty.
    caption: instead of the table's own, which says what is measured: the user then says it; empty: the table's own.
    label: for references in LaTeX, `tab:main`; a table with several floats has it on the first.
    """

    columns: tuple[str, ...] = ()
    caption: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse a label that LaTeX could not refer to, and a column that is named twice."""
        if self.label and not LABEL.fullmatch(self.label):
            raise UsageError(f"--label {self.label}: use letters, digits and the signs : . _ / + -, such as tab:main")
        if twice := [name for name in self.columns if self.columns.count(name) > 1]:
            raise UsageError(f"--columns: '{twice[0]}' is named twice")

    def of(self, table: Table) -> Table:
        """The table with this look; a part of it that has none of the columns is left out."""
        known = dict.fromkeys(name for part in (table, *table.more) for name in part.header[part.index :])
        for name in self.columns:
            if name not in known:
                raise UsageError(f"--columns: the table has no column '{name}'{did_you_mean(name, known)}")
        first, *more = [self._part(part) for part in (table, *table.more) if self._has(part)]
        kept = {"caption": self.caption or table.caption, "label": self.label, "notes": table.notes}
        return replace(first, **kept, legend=table.legend, more=tuple(more), others=table.others)

    def _has(self, part: Table) -> bool:
        return not self.columns or bool({*self.columns} & {*part.header[part.index :]})

    def _part(self, part: Table) -> Table:
        if not self.columns:
            return part
        places = {name: place for place, name in enumerate(part.header) if place >= part.index}
        return with_columns(part, [*range(part.index), *(places[name] for name in self.columns if name in places)])
