"""Parsed modules for the digest: what each defines and imports, and which statements run at import."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from regbench.fingerprint.bare import bare

OWN = "regbench"


@dataclass(frozen=True)
class Target:
    """The target of an imported name: a name in a module or, if empty, the module itself."""

    module: str
    name: str = ""


@dataclass(frozen=True)
class Module:
    """The top level of one module.

    defined: the statements that bind a name.
    imported: local name -> target, for imports anywhere in the module, including functions.
    stars: modules imported with `*`.
    effects: statements that bind no name and run at import.
    """

    defined: Mapping[str, list[ast.stmt]]
    imported: Mapping[str, Target]
    stars: tuple[str, ...]
    effects: tuple[ast.stmt, ...]


@dataclass(frozen=True)
class Code:
    """Folders of Python files by the dotted name of their package: regbench's own and those of plug-ins."""

    folders: Mapping[str, Path | str]
    _seen: dict[str, Module | None] = field(default_factory=dict, compare=False, repr=False)

    def module(self, name: str) -> Module | None:
        """The module of that name; None if it is in none of the folders, but in another distribution."""
        if name not in self._seen:
            path = self._file(name)
            self._seen[name] = None if path is None else _parsed(name, path, path.stat().st_mtime_ns, path.name == INIT)
        return self._seen[name]

    def is_ours(self, name: str) -> bool:
        """Whether a module belongs to regbench rather than to a plug-in."""
        return self._package(name) == OWN

    def neutral(self, name: str) -> str:
        """A module's name, independent of the folder of its plug-in."""
        package = self._package(name)
        return name if package in (None, OWN) else f"plug-in{name.removeprefix(package)}"

    def _package(self, name: str) -> str | None:
        inside = [package for package in self.folders if f"{name}.".startswith(f"{package}.")]
        return max(inside, key=len, default=None)

    def _file(self, name: str) -> Path | None:
        package = self._package(name)
        if package is None:
            return None
        base = Path(self.folders[package]).joinpath(*name.removeprefix(package).split(".")[1:])
        path = base / INIT if base.is_dir() else base.with_suffix(".py")
        return path if path.is_file() else None


INIT = "__init__.py"


@cache
def _parsed(name: str, path: Path, _changed: int, package: bool) -> Module:
    tree = bare(ast.parse(path.read_text(encoding="utf-8")))
    defined: dict[str, list[ast.stmt]] = {}
    effects = []
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        bound = dict.fromkeys(_binds(statement))
        for local in bound:
            defined.setdefault(local, []).append(statement)
        if not bound and not isinstance(statement, ast.Pass):
            effects.append(statement)
    imported: dict[str, Target] = {}
    stars = []
    for statement in ast.walk(tree):
        for local, target in _imports(statement, name if package else name.rpartition(".")[0]):
            if local == "*":
                stars.append(target.module)
            else:
                imported[local] = target
    return Module(defined, imported, tuple(stars), tuple(effects))


def _binds(statement: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement binds."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name))
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from (leaf.id for leaf in ast.walk(target) if isinstance(leaf, ast.Name))
        case _:  # if, try, with, for: the whole statement defines each name bound inside
            for inner in ast.iter_child_nodes(statement):
                for leaf in ast.walk(inner):
                    if isinstance(leaf, ast.Name) and isinstance(leaf.ctx, ast.Store):
                        yield leaf.id
                    elif isinstance(leaf, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                        yield leaf.name


def _imports(statement: ast.AST, package: str) -> Iterator[tuple[str, Target]]:
    """Local names and their targets; whether `from a import b` imports a module is decided later."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            whole = Target(alias.name) if alias.asname else Target(alias.name.partition(".")[0])
            yield alias.asname or whole.module, whole
    elif isinstance(statement, ast.ImportFrom):
        base = statement.module or ""
        if statement.level:
            above = package.split(".")[: len(package.split(".")) - statement.level + 1]
            base = ".".join((*above, *filter(None, [base])))
        for alias in statement.names:
            yield alias.asname or alias.name, Target(base, alias.name)
