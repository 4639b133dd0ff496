"""Which code made a number: a digest of the definitions a job runs through, and of nothing else.

Starting from a method, a backbone and the training loop, every definition of regbench that is named on the way is
followed. Comments, docstrings, formatting and definitions that nothing calls do not count: a result stays valid until
something it depends on changes.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from regbench import catalog
from regbench.job import Job

ROOT = Path(__file__).parent
ALWAYS = (
    ("regbench.training.loop", "Training"),
    ("regbench.data", "prepare"),
)
UNTRAINED = (
    ("regbench.runner.fitting", "fit"),
    ("regbench.data", "prepare"),
)
WITHOUT_NUMBERS = frozenset({"regbench.catalog", "regbench.errors"})  # they find files and word messages


def code_digest(job: Job) -> str:
    """The digest of all code that the numbers of this job depend on; of a baseline also the version of its library."""
    if catalog.is_baseline(job.method):
        return _digest((*UNTRAINED, (f"regbench.baselines.{job.method}", "BASELINE")), library(job.method))
    return _digest(
        (*ALWAYS, (f"regbench.methods.{job.method}", "METHOD"), (f"regbench.backbones.{job.backbone}", "BACKBONE"))
    )


def library(baseline: str) -> tuple[tuple[str, str], ...]:
    """Name and version of the distribution that a baseline is made of; no version where it is not installed."""
    name = catalog.entry("baselines", baseline).arguments.get("requires")
    return ((name, _version(name)),) if name else ()


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


@cache
def _digest(starts: tuple[tuple[str, str], ...], libraries: tuple[tuple[str, str], ...] = ()) -> str:
    lines = [f"{module}:{name}:{source}" for (module, name), source in sorted(definitions(*starts).items())]
    lines += [f"{name}=={version}" for name, version in libraries]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def definitions(*starts: tuple[str, str], root: Path = ROOT) -> dict[tuple[str, str], str]:
    """Every definition that `starts`, pairs of module and name, lead to, with its source in one normal form.

    `root` is the folder of the package `regbench`.
    """
    found: dict[tuple[str, str], str] = {}
    waiting = list(starts)
    while waiting:
        where = waiting.pop()
        module, name = where
        if where in found or module in WITHOUT_NUMBERS or (parsed := _parse(root, module)) is None:
            continue
        if name in parsed.defined:
            found[where], named = _definition(root, module, name)
            waiting.extend(named)
        elif name in parsed.imported:
            waiting.append(parsed.imported[name])
    return found


@dataclass(frozen=True)
class Parsed:
    """A module's top level: what it defines, and which names it has from other modules of regbench."""

    defined: dict[str, list[ast.stmt]]
    imported: dict[str, tuple[str, str]]  # local name -> (module, name there; "" for the module itself)


@cache
def _definition(root: Path, module: str, name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A definition's source in one normal form, and what it names; most are on the way of every method."""
    parsed = _parse(root, module)
    assert parsed is not None
    nodes = parsed.defined[name]
    source = "\n".join(ast.unparse(node) for node in nodes)
    return source, tuple(each for node in nodes for each in _named(parsed, module, node))


@cache
def _parse(root: Path, module: str) -> Parsed | None:
    base = root.joinpath(*module.split(".")[1:])
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    if not path.is_file():
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    _Bare().visit(tree)
    defined: dict[str, list[ast.stmt]] = {}
    imported: dict[str, tuple[str, str]] = {}
    for statement in tree.body:
        for name in _defines(statement):
            defined.setdefault(name, []).append(statement)
    for statement in ast.walk(tree):  # imports inside functions count too
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == "regbench":
            for alias in statement.names:
                imported[alias.asname or alias.name] = _source(root, str(statement.module), alias.name)
    return Parsed(defined, imported)


def _source(root: Path, module: str, name: str) -> tuple[str, str]:
    """Where `from module import name` leads: to a module of that name, or to a name in the module."""
    inner = root.joinpath(*f"{module}.{name}".split(".")[1:])
    return (f"{module}.{name}", "") if inner.is_dir() or inner.with_suffix(".py").is_file() else (module, name)


def _defines(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _named(parsed: Parsed, module: str, node: ast.stmt) -> Iterator[tuple[str, str]]:
    """What a definition names, as pairs of module and name."""
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Name):
            if leaf.id in parsed.defined:
                yield module, leaf.id
            elif leaf.id in parsed.imported and parsed.imported[leaf.id][1]:
                yield parsed.imported[leaf.id]
        elif isinstance(leaf, ast.Attribute) and isinstance(leaf.value, ast.Name) and leaf.value.id in parsed.imported:
            inside, name = parsed.imported[leaf.value.id]
            if not name:  # `catalog.load`: a name in an imported module
                yield inside, leaf.attr


class _Bare(ast.NodeTransformer):
    """Takes away what changes no number: docstrings, annotations, the literature, and guesses of what a fit costs."""

    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.Call):
            node.keywords = [each for each in node.keywords if each.arg not in ("reference", "cost")]
        return node
