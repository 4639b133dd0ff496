"""Tables as text: plain, Markdown and LaTeX through tabulate, CSV and JSON at full precision."""

import json
import math
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pandas as pd
from pandas import DataFrame
from tabulate import SEPARATING_LINE, tabulate

from regbench.reports.report import Legend, Table
from regbench.reports.text import marks, symbols
from regbench.visible import visible

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet computes
HTML = re.compile(r"<(?=[A-Za-z/!?])")
GAP = 2  # blanks between the columns of a plain table
WIDE = 90  # characters: wider tables do not fit on a page in LaTeX
PROSE = 60  # characters: longer cells are sentences, aligned to the left
PADDING = 2  # blanks that tabulate adds to a header
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$",
    "…": r"\ldots{}", "±": r"$\pm$", "–": "--", "−": "$-$", "×": r"$\times$", "→": r"$\to$", "ᵀ": r"$^\top$",
    "←": r"$\leftarrow$", "†": r"$\dagger$", "“": "``", "”": "''", "≈": r"$\approx$", "°": r"$^\circ$",
}  # fmt: skip


def text(table: Table, form: str, width: int | None = None) -> str:
    """A table as `table`, `md` or `latex`, its caption above and its notes below; then its `others`."""
    write = {"md": _markdown, "latex": _latex}.get(form, partial(_plain, width=width))
    spell = {"md": _markdown_text}.get(form, visible)
    return "\n\n".join(write(_respelled(one, spell)) for one in (table, *table.others))


def csv(frame: DataFrame, digits: int | None = None) -> str:
    """A frame as CSV: numbers with up to 17 digits, so that they read back exactly; empty where there is none.

    A text that a spreadsheet would take for a formula has an apostrophe in front. With `digits` numbers are rounded to
    that many decimals.
    """
    frame = frame if digits is None else frame.round(digits)
    texts = {str(name): [_csv_cell(value) for value in column] for name, column in frame.items() if _is_odd(column)}
    return frame.assign(**texts).rename(columns=_csv_cell).to_csv(index=False, lineterminator="\n")


def _is_odd(column: pd.Series) -> bool:
    """Whether a text in a column is spelled in another way in CSV."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    return any(_csv_cell(value) != value for value in {value for value in column if isinstance(value, str)})


def _csv_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    spelled = visible(value)
    return f"'{spelled}" if spelled.startswith(FORMULA) else spelled


def _markdown_text(text: str) -> str:
    """Text in which names cannot begin HTML or a link."""
    return HTML.sub("&lt;", visible(text)).replace("](", "]\\(")


def _respelled(table: Table, spell: Callable[[str], str]) -> Table:
    """A table with every text in it spelled anew."""
    spelled = {name: _map(getattr(table, name), spell) for name in ("caption", "title", "header", "rows", "notes")}
    return replace(table, **spelled, more=tuple(_respelled(part, spell) for part in table.more))


def records(frame: DataFrame) -> list[dict[str, Any]]:
    """A frame as plain data, one dictionary per row, None where there is no number."""
    return [{str(key): _scalar(value) for key, value in row.items()} for row in frame.to_dict("records")]


def json_text(data: Any) -> str:
    """Plain data as standard JSON, without NaN; unseen characters are escaped."""
    return visible(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def _scalar(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, (list, tuple, dict)):
        return value
    return None if pd.isna(value) or (isinstance(value, float) and math.isinf(value)) else value


def _plain(table: Table, width: int | None) -> str:
    parts: list[str] = []
    for part in (table, *table.more):
        first, *others = [_grid(block, "simple") for block in _blocks(part, width)]
        parts += [f"{_wrapped(part.title, width)}\n{first}" if part.title else first, *others]
    notes = "\n".join(_wrapped(note, width) for note in table.notes)
    caption = marks.after(table.caption, table.legend)
    return "\n\n".join([_wrapped(caption, width), *parts, *([notes] if notes else [])])


def _wrapped(words: str, width: int | None) -> str:
    return words if width is None else textwrap.fill(words, width, break_long_words=False)


def _markdown(table: Table) -> str:
    notes = "\n".join(f"- {note}" for note in table.notes)
    grids = []
    for part in (table, *table.more):
        header, rows = (_map(cells, lambda cell: cell.replace("|", r"\|")) for cells in (part.header, part.rows))
        rows = _map(rows, partial(marks.markdown, legend=table.legend))
        title = [f"**{part.title}**"] if part.title else []
        grids += [*title, _grid(replace(part, header=header, rows=rows), "pipe")]
    return "\n\n".join([marks.after(table.caption, table.legend, "md"), *grids, *([notes] if notes else [])])


def _latex(table: Table) -> str:
    """Booktabs tables: the caption and the notes above the first grid, further grids below their titles."""
    legend = tuple((mark, _escape(meaning)) for mark, meaning in table.legend)
    about = [table.title] if table.more else []
    first = _sentence(table.caption) + marks.explained(legend, "latex")
    captions = [" ".join(filter(None, [first, *map(_sentence, (*about, *table.notes))]))]
    captions += [_sentence(part.title) for part in table.more]
    parts = [replace(part, legend=table.legend) for part in (table, *table.more)]
    floats = [_float(part, caption) for part, caption in zip(parts, captions, strict=True)]
    packages = "booktabs,graphicx" if any(r"\resizebox" in grid for grid in floats) else "booktabs"
    return "\n".join([f"% needs \\usepackage{{{packages}}}", *floats])


def _sentence(words: str) -> str:
    """Words of a caption as a sentence in LaTeX."""
    return _escape(f"{words[:1].upper()}{words[1:].rstrip('.')}.") if words else ""


def _float(table: Table, caption: str) -> str:
    """One grid with its caption; tabulate's raw LaTeX with the rules renamed, scaled down if it is too wide."""
    header, rows = _map(table.header, _escape), _map(table.rows, partial(_marked, legend=table.legend))
    above, *between, below = _grid(replace(table, header=header, rows=rows), "latex_raw").split(r"\hline")
    grid = above + r"\toprule" + r"\midrule".join(between) + r"\bottomrule" + below
    if sum(_sizes(table)) > WIDE:
        grid = f"\\resizebox{{\\linewidth}}{{!}}{{%\n{grid}}}"
    label = [rf"\label{{{table.label}}}"] if table.label else []  # after the caption, whose number it names
    return "\n".join([r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", *label, grid, r"\end{table}"])


def _grid(table: Table, form: str) -> str:
    prose = [max(map(len, column), default=0) > PROSE for column in zip(*table.rows, strict=True)]
    align = ["left" if place < table.index or words else "right" for place, words in enumerate(prose)]
    align = align or ["left"] * len(table.header)
    rule = ("",) * len(table.header) if form == "pipe" else SEPARATING_LINE  # Markdown has no line within a table
    rows: list[Any] = []
    for number, row in enumerate(table.rows):
        rows += [rule, row] if number in table.rules else [row]
    grid = tabulate(rows, headers=table.header, tablefmt=form, colalign=align, disable_numparse=True)
    if form == "pipe" and any(prose):  # aligning sentences adds many blanks that Markdown does not need
        return re.sub(r"(?<=\|) {2,}| {2,}(?=\|)", " ", re.sub("-{4,}", "---", grid))
    return grid


def _blocks(table: Table, width: int | None) -> list[Table]:
    """The table cut into blocks of columns that fit, each with the columns that name the row."""
    sizes = _sizes(table)
    if width is None or sum(sizes) + GAP * (len(sizes) - 1) <= width:
        return [table]
    name = sum(size + GAP for size in sizes[: table.index])
    blocks: list[list[int]] = [[]]
    for column in range(table.index, len(sizes)):
        used = name + sum(sizes[shown] + GAP for shown in [*blocks[-1], column]) - GAP
        if blocks[-1] and used > width:
            blocks.append([])
        blocks[-1].append(column)
    return [with_columns(table, [*range(table.index), *block]) for block in blocks]


def _sizes(table: Table) -> list[int]:
    """How many characters wide each column is."""
    return [
        max(len(name) + PADDING, *map(len, column))
        for name, *column in zip(table.header, *(table.rows or [table.header]), strict=True)
    ]


def with_columns(table: Table, columns: list[int]) -> Table:
    """The table with these of its columns, in this order."""
    rows = tuple(tuple(row[column] for column in columns) for row in table.rows)
    return replace(table, header=tuple(table.header[column] for column in columns), rows=rows)


def _map(cells: Any, change: Any) -> Any:
    return tuple(_map(cell, change) for cell in cells) if isinstance(cells, tuple) else change(cells)


def _marked(cell: str, legend: Legend) -> str:
    """A cell with its marks as LaTeX has them, the rest of it escaped."""
    found, rest = marks.split(cell, legend)
    return marks.latex(found + _escape(rest), legend)


def _escape(cell: str) -> str:
    pattern, spelled = _escapes()
    return pattern.sub(lambda found: spelled[found[0]], cell)


@cache
def _escapes() -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of what has another spelling in LaTeX, longest first, and the spellings."""
    known = [name for name in {*symbols.symbols().values(), *symbols.GREEK} if symbols.latex(name) != name]
    spelled = {form: symbols.latex(name) for name in known for form in (name, symbols.joined(name))} | LATEX
    return re.compile("|".join(map(re.escape, sorted(spelled, key=len, reverse=True)))), spelled
