"""Tables and figures: a frame in, numbers out, and from the numbers a text, a picture and a CSV file.

One file per report; the file name is the report's name. Importing this package imports neither pandas nor matplotlib.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench import catalog
from regbench.errors import UsageError, did_you_mean
from regbench.reports.report import Beside as Beside
from regbench.reports.report import Encoders as Encoders
from regbench.reports.report import Options as Options
from regbench.reports.report import Recorded as Recorded
from regbench.reports.report import Report as Report
from regbench.reports.report import Table as Table

if TYPE_CHECKING:
    from regbench.reports.text.look import Look

DEFAULT = "normalized"
FORMATS = ("table", "md", "latex", "csv", "json")


def names() -> list[str]:
    """Every report, sorted."""
    return catalog.names("reports")


def find(name: str) -> str:
    """The full name of a report given with hyphens or without its paper; `UsageError` if there is none.

    >>> find("figure3"), find("bridges-figure4")
    ('bridges_figure3', 'bridges_figure4')
    """
    wanted, known = name.strip().lower().replace("-", "_"), names()
    if wanted in known:
        return wanted
    endings = [report for report in known if report.endswith(f"_{wanted}")]
    if endings:
        return endings[0]
    short = sorted({report.partition("_")[2] for report in known} - {""})
    spelled = [report.replace("_", "-") for report in (*known, *short)]
    raise UsageError(f"no report called '{name}'{did_you_mean(wanted.replace('_', '-'), spelled)}")


def load(name: str) -> Report:
    """The report of that name; imports its file."""
    return catalog.load("reports", find(name))


def show(
    report: Report,
    numbers: Any,
    *,
    format: str = "table",  # noqa: A002
    width: int | None = None,
    look: "Look | None" = None,
    digits: int | None = None,
) -> str:
    """The report as text: `table`, `md`, `latex`, `csv` or `json`; a table wider than `width` is cut into blocks.

    `digits` rounds the numbers of CSV; the other formats have those of the options that the numbers were computed with.
    """
    if format not in FORMATS:
        raise UsageError(f"no format called '{format}'{did_you_mean(format, FORMATS)}")
    from regbench.reports.text import render

    match format:
        case "csv":
            return render.csv(next(iter(report.frames(numbers).values())), digits)
        case "json":
            return render.json_text(data(report, numbers))
        case "table" if report.plain is not None and look is None:
            return report.plain(numbers, width)
        case _:
            table = report.table(numbers)
            return render.text(look.of(table) if look else table, format, width)


def data(report: Report, numbers: Any) -> dict[str, Any]:
    """The report as plain data for JSON: full precision, null where missing."""
    if report.data is not None:
        return report.data(numbers)
    from regbench.reports.text import render

    table = report.table(numbers)
    frames = {key: render.records(frame) for key, frame in report.frames(numbers).items()}
    return {**frames, "caption": table.caption, "notes": list(table.notes)}


def write(
    name: str,
    report: Report,
    numbers: Any,
    *,
    folder: str | Path = "results",
    figures: Sequence[str] = ("svg", "pdf", "png"),
    texts: Sequence[str] = (),
) -> list[Path]:
    """Write the pictures and their numbers as `folder/NAME.*`; returns the paths.

    `texts` are the formats of `show` in which the table is written too.
    """
    from regbench.reports.text import write

    return write.write(name, report, numbers, Path(folder), figures, texts)
