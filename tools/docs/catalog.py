"""A page for each method, regularizer, wrapper and backbone: its formula, settings, source and published rows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from regbench import catalog
from regbench.catalog import Entry
from tools.docs.formulas import markdown
from tools.docs.places import Place, of

KINDS = {"methods": "Methods", "regularizers": "Regularizers", "wrappers": "Wrappers", "backbones": "Backbones"}
NAMED = re.compile(r"\n(?=[a-z_]+(?:, [a-z_]+)*: )")  # `points: rows that are drawn`, on a line of its own
SHOWN = ("init", "loss", "predict", "weigh", "transform", "after_epoch", "wrap", "forward", "encode")


def pages(tables: list[Place]) -> Iterator[tuple[str, str]]:
    """Every page by its path below docs/catalog, without the ending."""
    for kind, title in KINDS.items():
        names = catalog.names(kind)
        lines = [f"# {title}", "", "```{toctree}", ":maxdepth: 1", "", *names, "```", ""]
        lines += ["", "| name | year | |", "|---|---|---|"]
        entries = [catalog.entry(kind, name) for name in names]
        lines += [f"| [`{each.name}`]({each.name}.md) | {each.year} | {_cell(each.summary)} |" for each in entries]
        yield f"{kind}/index", "\n".join(lines)
        for entry in entries:
            yield f"{kind}/{entry.name}", page(entry, of(entry.name, tables))


def page(entry: Entry, places: list[Place]) -> str:
    """The page of one file of the catalog."""
    path = catalog.path_of(entry.kind, entry.name)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [
        f"# `{entry.name}`",
        *_paragraphs(ast.get_docstring(tree) or ""),
        *_functions(tree),
        *_settings(entry),
        "## Source",
        markdown(entry.arguments.get("reference", "")),
        *(_place(place) for place in places),
        "## Code",
        f"```{{literalinclude}} {_relative(path)}\n:language: python\n```",
    ]
    if places:
        blocks.insert(-2 - len(places), "## In the published tables")
    return "\n\n".join(filter(None, blocks)) + "\n"


def _paragraphs(docstring: str) -> list[str]:
    """The paragraphs of a docstring; a line that begins with `name:` or is indented starts anew."""
    found = []
    for paragraph in NAMED.sub("\n\n", docstring).split("\n\n"):
        lines = paragraph.splitlines()
        if all(line.startswith("    ") for line in lines):
            found.append("```text\n" + "\n".join(line[4:] for line in lines) + "\n```")
        else:
            found.append(markdown(paragraph))
    return found


def _functions(tree: ast.Module) -> list[str]:
    """What its functions compute, as their docstrings have it."""
    said = [
        (node.name, ast.get_docstring(node))
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in SHOWN
    ]
    rows = [f"`{name}`\n: {markdown(' '.join(text.split()))}" for name, text in said if text]
    return ["## What it computes", "Shapes: B rows of a batch, N of the training part, D inputs, H features, "
            "K outputs or bins, M dimensions of the target.", *rows] if rows else []  # fmt: skip


def _settings(entry: Entry) -> list[str]:
    rows = [
        f"| `{name}` | {markdown(entry.symbols.get(name, ''))} | {default} | {_bounds(entry, name)} |"
        for name, default in {**entry.arguments.get("options", {}), **entry.settings}.items()
    ]
    if not rows:
        return []
    head = ["## Settings", "", "| setting | symbol | default | a sweep searches |", "|---|---|---|---|"]
    return ["\n".join([*head, *rows])]


def _bounds(entry: Entry, name: str) -> str:
    said = entry.bounds.get(name, {})
    return f"{said['low']:g} to {said['high']:g}" if "low" in said and "high" in said else ""


def _place(place: Place) -> str:
    header = ["| " + " | ".join(map(_cell, place.header)) + " |", "|" + "---|" * len(place.header)]
    rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in place.rows]
    said = f"Benchmark `{place.benchmark}`; RMSE relative to least squares, and the rank among all its rows:"
    return "\n".join([said, "", *header, *rows, "", f"The whole table: `{place.command}`"])


def _cell(text: str) -> str:
    """A cell of a table of ours; the signs before it are explained on the page about statistics."""
    return markdown(text).replace("\n", " ").replace(" ± ", "\u00a0±\u00a0")


def _relative(path: Path) -> str:
    """The path of a file of the package from a page below docs/catalog/KIND."""
    return "../../../" + path.relative_to(Path(catalog.__file__).parents[1]).as_posix()
