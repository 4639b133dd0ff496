"""Tables and figures: a frame in, numbers out, and from the numbers a text, a picture and a CSV file.

One file per report; the file name is the report's name. Importing this package imports neither pandas nor matplotlib.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench import catalog
from regbench.errors import UsageError, did_you_mean
from regbench.reports._report import Encoders as Encoders
from regbench.reports._report import Options as Options
from regbench.reports._report import Report as Report
from regbench.reports._report import Table as Table

if TYPE_CHECKING:
    from regbench.analysis import Comparison
    from regbench.analysis.claims import Findings

DEFAULT = "normalized"
FORMATS = ("table", "md", "latex", "csv", "json")


def names() -> list[str]:
    """Every report, sorted."""
    return catalog.names("reports")


def find(name: str) -> str:
    """The report that a name, with hyphens or without its paper, stands for; `UsageError` with the nearest one.

    >>> find("figure3"), find("bridges-figure4")
    ('bridges_figure3', 'bridges_figure4')
    """
    wanted, known = name.strip().lower().replace("-", "_"), names()
    if wanted in known:
        return wanted
    endings = [each for each in known if each.endswith(f"_{wanted}")]
    if endings:
        return endings[0]
    short = sorted({each.partition("_")[2] for each in known} - {""})
    spelled = [each.replace("_", "-") for each in (*known, *short)]
    raise UsageError(f"no report called '{name}'{did_you_mean(wanted.replace('_', '-'), spelled)}")


def load(name: str) -> Report:
    """The report of that name; imports its file."""
    return catalog.load("reports", find(name))


def show(report: Report, numbers: Any, *, format: str = "table", width: int | None = None) -> str:  # noqa: A002
    """The report as text: `table`, `md`, `latex`, `csv` or `json`; a table wider than `width` is cut into blocks."""
    if format not in FORMATS:
        raise UsageError(f"no format called '{format}'{did_you_mean(format, FORMATS)}")
    from regbench.reports import _render

    match format:
        case "csv":
            return _render.csv(next(iter(report.frames(numbers).values())))
        case "json":
            return _render.json_text(data(report, numbers))
        case _:
            return _render.text(report.table(numbers), format, width)


def data(report: Report, numbers: Any) -> dict[str, Any]:
    """The report as plain data for JSON: full precision, null where missing."""
    from regbench.reports import _render

    table = report.table(numbers)
    frames = {key: _render.records(frame) for key, frame in report.frames(numbers).items()}
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
    """Write the pictures and their numbers as `folder/NAME.*`, each file whole or not at all; the paths.

    `texts` are the formats of `show` in which the table is written too.
    """
    from regbench.reports import _write

    return _write.write(name, report, numbers, Path(folder), figures, texts)


def show_comparison(comparison: "Comparison", *, format: str = "table", width: int | None = None) -> str:  # noqa: A002
    """A comparison of two methods as text, in any of the formats of `show`."""
    if format not in FORMATS:
        raise UsageError(f"no format called '{format}'{did_you_mean(format, FORMATS)}")
    from regbench.reports import _comparison, _render

    match format:
        case "csv":
            return _render.csv(_comparison.frame(comparison))
        case "json":
            return _render.json_text(comparison.data())
        case _:
            return _render.text(_comparison.table(comparison), format, width)


def claims_data(findings: "Findings", benchmark: str | None) -> dict[str, Any]:
    """The claims of a paper, each with its verdicts and the cells that decide it, as plain data for JSON."""
    from regbench.reports import _claims_data

    return _claims_data.data(findings, benchmark)


def show_claims(
    findings: "Findings",
    benchmark: str | None,
    *,
    format: str = "table",  # noqa: A002
    width: int | None = None,
    detailed: bool = False,
) -> str:
    """The claims of a paper as text, in any of the formats of `show`; `detailed` with all comparisons and cells."""
    if format not in FORMATS:
        raise UsageError(f"no format called '{format}'{did_you_mean(format, FORMATS)}")
    from regbench.reports import _claims, _claims_data, _render

    match format:
        case "csv" if detailed:
            return _render.csv(_claims_data.cells(findings))
        case "csv":
            return _render.csv(_claims_data.frame(findings))
        case "json":
            return _render.json_text(_claims_data.data(findings, benchmark))
        case "table" if not detailed:
            return _claims.blocks(findings, benchmark, width)
    tables = _claims.details(findings, benchmark) if detailed else [_claims.table(findings, benchmark)]
    return "\n\n".join(_render.text(each, format, width) for each in tables)
