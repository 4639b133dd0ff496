"""Marks before the text of a cell, and how each format spells them.

A cell of a table may begin with some of these signs. Where the table's `legend` says what a sign means, Markdown and
LaTeX spell it their own way; a plain table keeps the sign.
"""

from collections.abc import Sequence

from regbench.reports.report import Legend

BEST, NEAR, ALIKE, PUBLISHED = "*", "†", "≈", "°"
EVERY = BEST + NEAR + ALIKE + PUBLISHED
WORDS = {"md": {BEST: "**bold**"}, "latex": {BEST: r"\textbf{bold}", NEAR: r"\underline{underlined}"}}
IN_LATEX = {ALIKE: r"$\approx$", PUBLISHED: r"$^\circ$"}


def split(cell: str, legend: Legend) -> tuple[str, str]:
    """The marks that a cell begins with, of those in the legend, and the rest.

    >>> split("*≈0.970 ± 0.003", (("*", "the lowest"), ("≈", "prints alike")))
    ('*≈', '0.970 ± 0.003')
    """
    rest = cell.lstrip("".join(mark for mark, _ in legend))
    return cell[: len(cell) - len(rest)], rest


def leading(cell: str) -> str:
    """All marks that a cell begins with."""
    return cell[: len(cell) - len(cell.lstrip(EVERY))]


def add(mark: str, cell: str) -> str:
    """The cell with one more mark, behind those that it has.

    >>> add("≈", "†0.970"), add("°", "lsq")
    ('†≈0.970', '°lsq')
    """
    found = leading(cell)
    return f"{found}{mark}{cell[len(found) :]}"


def value(cell: str) -> str:
    """The number in a cell as it is printed, without marks and spread.

    >>> value("†0.970 ± 0.003 (4/5)"), value("–")
    ('0.970', '–')
    """
    return cell[len(leading(cell)) :].partition(" ")[0]


def markdown(cell: str, legend: Legend) -> str:
    """The cell in Markdown: the best one bold.

    >>> markdown("*≈0.970", (("*", "the lowest"), ("≈", "prints alike")))
    '≈**0.970**'
    """
    found, rest = split(cell, legend)
    return found.replace(BEST, "") + (f"**{rest}**" if BEST in found else rest)


def latex(cell: str, legend: Legend) -> str:
    r"""The cell in LaTeX, whose text is escaped already: the best one bold, what is not separable from it underlined.

    >>> latex("†0.970", (("†", "not separable"),))
    '\\underline{0.970}'
    """
    found, rest = split(cell, legend)
    rest = rf"\textbf{{{rest}}}" if BEST in found else rest
    rest = rf"\underline{{{rest}}}" if NEAR in found else rest
    return "".join(IN_LATEX[mark] for mark in found if mark in IN_LATEX) + rest


def after(caption: str, legend: Legend, form: str = "") -> str:
    """A caption and what the marks of its table mean; it ends as a sentence where something follows."""
    said = explained(legend, form)
    return f"{caption.rstrip('.')}.{said}" if caption and said else caption or said.lstrip()


def explained(legend: Legend, form: str = "") -> str:
    """The legend as a sentence for a caption; nothing without marks.

    >>> explained((("*", "the lowest"), ("†", "not separable from it")))
    ' * the lowest; † not separable from it.'
    """
    spelled = WORDS.get(form, {}) | (IN_LATEX if form == "latex" else {})
    said = "; ".join(f"{spelled.get(mark, mark)} {meaning}" for mark, meaning in legend)
    return f" {said}." if said else ""


def used(cells: Sequence[Sequence[str]], meanings: Legend) -> Legend:
    """The part of a legend whose marks some cell begins with."""
    begun = {mark for row in cells for cell in row for mark in split(cell, meanings)[0]}
    return tuple((mark, meaning) for mark, meaning in meanings if mark in begun)
