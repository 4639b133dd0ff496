"""What the options of `report` ask of the text of a table, refused where they would change nothing."""

import re
from typing import TYPE_CHECKING

from regbench.cli.output import paint

if TYPE_CHECKING:
    from regbench.reports import Report
    from regbench.reports.text.look import Look

GAP = "gap"  # a column that is made on request, for it needs every epoch
BEST_CELL = r"(?<=\s)\*[≈°]*\d\S*( ± \S+)?"


def look(columns: str | None, caption: str, label: str, form: str) -> "Look | None":
    """What --columns, --caption and --label ask for; None without them.

    CSV and JSON have every column anyway, and take the names of those that are made on request alone.
    """
    from regbench.errors import UsageError
    from regbench.reports.text.look import Look

    given = {"--columns": columns, "--caption": caption, "--label": label}
    named = [option for option, value in given.items() if value]
    if not named:
        return None
    chosen = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    possible = ("latex",) if label else ("table", "md", "latex")
    possible += ("csv", "json") if named == ["--columns"] and {*chosen} <= {GAP} else ()
    if form not in possible:
        raise UsageError(f"{named[-1]}: one table is needed, and --format {' or '.join(possible)}")
    return Look(columns=chosen, caption=caption, label=label)


def check_digits(digits: int | None, shown: "Report", form: str) -> None:
    """Refuse --digits where it would change nothing."""
    from regbench.errors import UsageError

    if digits is None:
        return
    if form not in ("table", "md", "latex", "csv"):
        raise UsageError(f"--digits: {'JSON has' if form == 'json' else 'files have'} every digit; use --format csv")
    if form != "csv" and not shown.has_digits:
        raise UsageError(f"--digits: for {', '.join(having('has_digits'))}, and for every report with --format csv")


def bold(text: str) -> str:
    """A plain table with its best cells bold, on a terminal; their marks stay."""
    return re.sub(BEST_CELL, lambda found: paint(found[0], "bold"), text)


def having(ability: str) -> list[str]:
    """The names, as users write them, of the reports with an ability: `has_paper` or `has_digits`."""
    from regbench import catalog

    named = [name for name in catalog.names("reports") if catalog.entry("reports", name).arguments.get(ability)]
    return [spelled(name.partition("_")[2] or name) for name in named]


def spelled(name: str) -> str:
    """The name of a report as shown in listings."""
    return name.replace("_", "-")
