"""Reports as files: each is written under a temporary name and then renamed, so no file is ever incomplete."""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regbench.errors import InfrastructureError, UsageError, did_you_mean
from regbench.reports.report import Report
from regbench.reports.text import render

FIGURES = ("svg", "pdf", "png")
HTML = (".html", ".htm")
PAGE = "report.html"  # how a page is called where a folder is given
ENDINGS = {"table": "txt", "latex": "tex"}  # of formats that are not named like their files


def write(
    name: str, report: Report, numbers: Any, folder: Path, figures: Sequence[str], texts: Sequence[str] = ()
) -> list[Path]:
    """Write the report's pictures, frames as CSV and table as text; returns the paths, pictures first."""
    for form in figures:
        if form not in FIGURES:
            raise UsageError(f"no figure format called '{form}'{did_you_mean(form, FIGURES)}")
    files: dict[str, bytes] = {}
    if report.draw is not None and (figure := report.draw(numbers)).axes:  # some numbers leave nothing to draw
        from regbench.reports.shared import drawing

        for form in figures:
            files[f"{name}.{form}"] = drawing.encode(figure, form)
            figure.set_layout_engine("none")  # the other formats have the layout of the first, and need not find it
    if report.page is not None:
        files[PAGE] = report.page(numbers).encode()
    for number, (key, frame) in enumerate(report.frames(numbers).items()):
        files[f"{name}{f'-{key}' if number else ''}.csv"] = render.csv(frame).encode()
    for form in texts:
        text = render.text(report.table(numbers), form)
        files[f"{name}.{ENDINGS.get(form, form)}"] = f"{text}\n".encode()
    return [_replace(folder / file, content) for file, content in files.items()]


def page(report: Report, numbers: Any, place: Path) -> Path:
    """Write the report's page, as a file of that name if it ends in .html, else into that folder; returns its path."""
    assert report.page is not None
    path = place if place.suffix.lower() in HTML else place / PAGE
    return _replace(path, report.page(numbers).encode())


def _replace(path: Path, content: bytes) -> Path:
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
        temporary.chmod(0o666 & ~_umask())
        return temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        why = error.strerror or type(error).__name__
        raise InfrastructureError(f"{path}: cannot be written ({why}); choose another folder") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
