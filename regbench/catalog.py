"""What there is: the file name is the registry.

`methods/soft_binning.py` is the method `soft_binning`. What a listing or a plan must know of it (its first line, its
hyper-parameters and their defaults) is read from the file's syntax tree, so that nothing needs importing torch
to be listed. `load` imports the file and gives the object itself.
"""

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from regbench.errors import UsageError, did_you_mean

PACKAGE = Path(__file__).parent
OBJECTS = {
    "methods": "METHOD",
    "baselines": "BASELINE",
    "backbones": "BACKBONE",
    "datasets": "DATASET",
    "reports": "REPORT",
}
ROWS = ("methods", "baselines")  # what the rows of a table are of


@dataclass(frozen=True)
class Entry:
    """What a file says of itself: its first sentence, and the literal arguments of the object it defines."""

    kind: str
    name: str
    summary: str
    arguments: dict[str, Any]

    @property
    def hparams(self) -> dict[str, float]:
        """Default of every hyper-parameter."""
        return self.arguments.get("hparams", {})

    @property
    def year(self) -> str:
        """Year of the reference; empty where it names none."""
        found = re.search(r"\b(1[789]|20)\d\d\b", self.arguments.get("reference", ""))
        return found.group() if found else ""


def names(kind: str) -> list[str]:
    """Every name of a kind (methods, baselines, backbones, datasets, reports), sorted."""
    return sorted(path.stem for path in (PACKAGE / kind).glob("*.py") if not path.stem.startswith("_"))


def resolve(kind: str, name: str) -> str:
    """The full name that a name or an alias stands for; `UsageError` with the nearest one where there is none.

    >>> resolve("datasets", "DM")
    'diamonds'
    """
    known = names(kind)
    if name in known:
        return name
    aliases = {alias: each for each in known if (alias := entry(kind, each).arguments.get("alias"))}
    if name.upper() in aliases:
        return aliases[name.upper()]
    raise UsageError(f"no {kind.removesuffix('s')} called '{name}'{did_you_mean(name, [*known, *aliases])}")


def rows() -> list[str]:
    """Every name that a row of a table may have: methods, then baselines."""
    return [name for kind in ROWS for name in names(kind)]


@cache
def is_baseline(name: str) -> bool:
    """Whether a row's name is that of a reference model, and not of a method that we train."""
    return (PACKAGE / "baselines" / f"{name}.py").is_file()


def uses_seed(name: str) -> bool:
    """Whether another seed gives a row of that name other numbers on the same split."""
    return not (is_baseline(name) and entry("baselines", name).arguments["deterministic"])


def row(name: str) -> Entry:
    """What the file of a method or of a baseline says of itself."""
    return entry("baselines" if is_baseline(name) else "methods", name)


@cache
def entry(kind: str, name: str) -> Entry:
    """What the file of that name says of itself, read from its syntax tree."""
    tree = ast.parse((PACKAGE / kind / f"{name}.py").read_text(encoding="utf-8"))
    call = next(
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id == OBJECTS[kind]
    )
    assert isinstance(call, ast.Call), f"{kind}/{name}.py: {OBJECTS[kind]} must be a literal call"
    arguments = {keyword.arg: _literal(keyword.value) for keyword in call.keywords if keyword.arg}
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Entry(kind, name, summary, {key: value for key, value in arguments.items() if value is not Ellipsis})


def load(kind: str, name: str) -> Any:
    """The object itself: `load("methods", "lsq")` imports the file and gives its METHOD."""
    return getattr(importlib.import_module(f"regbench.{kind}.{resolve(kind, name)}"), OBJECTS[kind])


def label(method: str, hparams: dict[str, Any], static: dict[str, Any]) -> str:
    """A method's or baseline's variant as users write it: what differs from its defaults, in brackets.

    >>> label("soft_binning", {"lambda_sigma": 1.0}, {})
    'soft_binning[lambda_sigma=1]'
    >>> label("soft_binning", {"lambda_sigma": 0.5}, {})
    'soft_binning'
    """
    known = row(method)
    defaults = {**known.hparams, **known.arguments.get("static", {})}
    changed = {key: value for key, value in {**hparams, **static}.items() if value != defaults.get(key)}
    inside = ",".join(f"{key}={_short(value)}" for key, value in sorted(changed.items()))
    return f"{method}[{inside}]" if inside else method


def _short(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _literal(node: ast.expr) -> Any:
    """The value of a literal; of `HParam(0.5, ...)` its default; Ellipsis for what only running the file can tell."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "HParam":
        default = node.args[0] if node.args else next(each.value for each in node.keywords if each.arg == "default")
        return float(ast.literal_eval(default))
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return {key.value: _literal(value) for key, value in zip(node.keys, node.values, strict=True)}  # type: ignore[union-attr]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...
