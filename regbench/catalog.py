"""The catalog of methods, datasets, reports, ...: a file's name is its entry.

`methods/soft_binning.py` is the method `soft_binning`, `reports/bridges/table1.py` the report `bridges_table1`, and
the package `reports/ablation/` the report `ablation`. A file belongs to the catalog if its top level defines the object
of a kind (METHOD, DATASET, ...); other files are helpers. Listings and plans need its first line, its hyper-parameters
and their defaults. These are read from the file's syntax tree, so that a listing does not import torch. `load` imports
the file and returns the object itself. An object may be a copy, `DATASET = replace(CIRCLE, digest=...)`: what it does
not give is read from the file of the original.

The catalog includes the package itself and the users' folders and files that `roots` knows. A file of a user that
defines none of these objects but a function or object `criterion` is a method too: in a folder `methods`, or if the
user named the file itself.
"""

import ast
import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from regbench import roots
from regbench.errors import UsageError, did_you_mean
from regbench.owncommands import OwnCommand
from regbench.roots import Root

OBJECTS = {
    "methods": "METHOD",
    "regularizers": "REGULARIZER",
    "wrappers": "WRAPPER",
    "baselines": "BASELINE",
    "backbones": "BACKBONE",
    "datasets": "DATASET",
    "metrics": "METRIC",
    "reports": "REPORT",
}
CRITERION = "criterion"  # (prediction, target) -> loss: what `regbench.criterion` makes a method of
COMMANDS = "commands"  # programs of the user, which benchmarks.yaml names: the only kind without files
REPORTED = "reported"  # what a metric needs that a program of the user reports
ROWS = ("methods", "baselines", COMMANDS)  # the kinds that rows of a table can be
PARTS = ("wrappers", "regularizers")  # the kinds that can be added to a method, in the order in which labels have them


@dataclass(frozen=True)
class Entry:
    """The description of a file: its first sentence, and the literal arguments of the object it defines."""

    kind: str
    name: str
    summary: str
    arguments: dict[str, Any]
    # hyper-parameter -> keyword arguments of its `HParam`: low, least, above, ...
    bounds: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    given: frozenset[str] = frozenset()  # the names of all arguments, also those that are not literals
    is_criterion: bool = False  # a method that is made of a plain `criterion(prediction, target)`

    @property
    def symbols(self) -> dict[str, str]:
        """The mathematical symbol of each hyper-parameter that has one."""
        return {name: said["symbol"] for name, said in self.bounds.items() if "symbol" in said}

    @property
    def hparams(self) -> dict[str, float]:
        """The default of every hyper-parameter."""
        return self.arguments.get("hparams", {})

    @property
    def static(self) -> dict[str, Any]:
        """The default of every other setting, which changes shapes or control flow."""
        return self.arguments.get("static", {})

    @property
    def settings(self) -> dict[str, Any]:
        """The default of every setting that a label can have in brackets."""
        return {**self.hparams, **self.static}

    @property
    def year(self) -> str:
        """The year of the reference; empty if it has none."""
        found = re.search(r"\b(1[789]|20)\d\d\b", self.arguments.get("reference", ""))
        return found.group() if found else ""


@dataclass(frozen=True)
class Found:
    """The location of a file of the catalog."""

    name: str
    root: Root
    path: Path

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        inside = self.path.relative_to(self.root.folder).with_suffix("")
        return ".".join((self.root.package, *(part for part in inside.parts if part != "__init__")))


def names(kind: str) -> list[str]:
    """All names of a kind (methods, baselines, backbones, datasets, metrics, reports), sorted."""
    if kind == COMMANDS:
        return sorted(_commands(roots.generation()))
    own = [table.name for table in roots.added().tables] if kind == "datasets" else []
    own += [name for name, _ in roots.added().metrics] if kind == "metrics" else []
    return sorted({*_found(kind), *own})


def resolve(kind: str, name: str) -> str:
    """The full name for a name or an alias; raises `UsageError`, with the nearest name, if there is none.

    >>> resolve("datasets", "DM")
    'diamonds'
    """
    known = names(kind)
    if name in known:
        return name
    check(kind, name)
    aliases = {alias: full for full in known if (alias := entry(kind, full).arguments.get("alias"))}
    if name.upper() in aliases:
        return aliases[name.upper()]
    raise UsageError(f"no {kind.removesuffix('s')} called '{name}'{did_you_mean(name, [*known, *aliases])}")


def rows() -> list[str]:
    """All names that a row of a table can have: methods, then baselines, then commands."""
    return [name for kind in ROWS for name in names(kind)]


def kind_of_row(name: str) -> str:
    """The kind of a row: methods, baselines or commands; an unknown name counts as a method that has been removed."""
    if name in _commands(roots.generation()):
        return COMMANDS
    return next((kind for kind in ROWS if name in _found(kind)), ROWS[0])


def parts() -> list[str]:
    """The names of all parts that can be added to a method: wrappers, then regularizers."""
    return [name for kind in PARTS for name in names(kind)]


def kind_of_part(name: str) -> str | None:
    """The kind of a part, wrappers or regularizers; None if it is neither."""
    return next((kind for kind in PARTS if name in _found(kind)), None)


def place_of_part(name: str) -> tuple[int, str]:
    """What parts are sorted by: wrappers before regularizers, then by name."""
    kind = kind_of_part(name)
    return (PARTS.index(kind) if kind else len(PARTS), name)


def part(name: str) -> Entry:
    """The description of a wrapper or regularizer."""
    return entry(kind_of_part(name) or PARTS[-1], name)


def row(name: str) -> Entry:
    """The description of a method, a baseline or a command."""
    return entry(kind_of_row(name), name)


def entry(kind: str, name: str) -> Entry:
    """The description of the file of that name, read from its syntax tree.

    Raises:
        UsageError: the file is not valid Python.
        KeyError: there is no such name; `resolve` gives a better message.
    """
    if kind == "datasets" and (table := roots.own_table(name)):
        return Entry(
            kind,
            name,
            f"Column {', '.join(table.targets)} of {table.path}.",
            dict(vars(_own(table, roots.generation()))),
        )
    if kind == COMMANDS:
        return _entry_of_command(_commands(roots.generation())[name])
    if kind == "metrics" and (better := dict(roots.added().metrics).get(name)):
        said = {"label": name, "symbol": name, "better": better, "unit": "none", "needs": REPORTED}
        return Entry(kind, name, "What a program of the user reports.", said)
    check(kind, name)
    path = _found(kind)[name].path
    return _read(kind, name, path, path.stat().st_mtime_ns)


def load(kind: str, name: str) -> Any:
    """The object itself: `load("methods", "lsq")` imports the file and returns its METHOD."""
    full = resolve(kind, name)
    if kind == "datasets" and (table := roots.own_table(full)):
        return _own(table, roots.generation())
    if kind == COMMANDS:
        return _commands(roots.generation())[full]
    found = _found(kind)[full]
    roots.make_importable(found.root)
    try:
        with redirect_stdout(sys.stderr):  # what a file prints must not mix with the output of the command
            module = importlib.import_module(found.module)
    except (ImportError, SyntaxError) as error:
        if found.root.ours:
            raise
        raise UsageError(f"{found.path}: cannot be imported: {error}") from None
    if entry(kind, full).is_criterion:
        return _of_criterion(getattr(module, CRITERION), found.path)
    return getattr(module, OBJECTS[kind])


def _of_criterion(criterion: Any, path: Path) -> Any:
    from regbench.criterion import method_of

    try:
        return method_of(criterion)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def is_ours(row: str) -> bool:
    """Whether a row comes with regbench, or is unknown, rather than from a file of the user's."""
    found = _found(kind_of_row(row)).get(row)
    return found is None or found.root.ours


def module_of(kind: str, name: str) -> str:
    """The dotted name of the module that defines the object."""
    return _found(kind)[name].module


def path_of(kind: str, name: str) -> Path:
    """The file that defines the object, or names the command."""
    if kind == COMMANDS:
        command = _commands(roots.generation())[name]
        return Path(command.folder, command.file)
    return _found(kind)[name].path


def starts(kind: str, name: str) -> tuple[tuple[str, str], ...]:
    """Module and name of what defines the object; of a criterion also of what makes a method of it."""
    if entry(kind, name).is_criterion:
        return ((module_of(kind, name), CRITERION), ("regbench.criterion", "method_of"))
    return ((module_of(kind, name), OBJECTS[kind]),)


@cache
def _commands(_generation: int) -> dict[str, OwnCommand]:
    return {command.name: command for command in roots.added().commands}


def _entry_of_command(command: OwnCommand) -> Entry:
    said = {
        "uses_k": command.uses("k"),
        "deterministic": not command.uses("seed"),
        "static": dict.fromkeys(command.settings, ""),
    }
    return Entry(COMMANDS, command.name, command.line, said)


def _found(kind: str) -> dict[str, Found]:
    if kind == COMMANDS:
        return {}
    if kind in (*ROWS, *PARTS):
        _check_rows(roots.generation())
    return _find(kind, roots.generation())


@cache
def _check_rows(generation: int) -> None:
    """Refuse a name of two kinds, such as a method and a baseline: a label could mean either."""
    for one, other in combinations([kind for kind in (*ROWS, *PARTS) if kind != COMMANDS], 2):
        found, others = _find(one, generation), _find(other, generation)
        for name in sorted(found.keys() & others.keys()):
            kinds = [
                f"a {kind.removesuffix('s')} in {files[name].path}" for kind, files in ((one, found), (other, others))
            ]
            raise UsageError(f"'{name}' is {' and '.join(kinds)}; rename one of them")


@cache
def _find(kind: str, _generation: int) -> dict[str, Found]:
    """All files of a kind by name, in the roots of this generation.

    Raises:
        UsageError: two files have the same name.
    """
    made: dict[str, Found] = {}
    for root in roots.roots():
        for found in _in_root(kind, root):
            if found.name in made:
                if made[found.name].path.resolve() == found.path.resolve():
                    continue  # a file of a folder that is named too
                both = f"{made[found.name].path} and {found.path}"
                raise UsageError(f"two {kind} are called '{found.name}': {both}; rename one of them")
            made[found.name] = found
    return made


def _in_root(kind: str, root: Root) -> Iterator[Found]:
    folder = root.folder / kind
    for path in sorted(folder.rglob("*.py")) if not root.only else ():
        if _defines(kind, path, ours=root.ours) or (not root.ours and _is_criterion(kind, path)):
            inside = path.relative_to(folder).with_suffix("").parts
            yield Found("_".join(part for part in inside if part != "__init__"), root, path)
    for path in () if root.ours else sorted(root.folder.glob("*.py")):
        if (not root.only or path.name in root.only) and (
            _defines(kind, path, ours=root.ours) or (root.only and _is_criterion(kind, path))
        ):
            yield Found(path.stem, root, path)


def _is_criterion(kind: str, path: Path) -> bool:
    """Whether a user's file is a method because of its `criterion`; a file with an object of a kind is not."""
    if kind != "methods":
        return False
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # `_defines` has said so
        return False
    objects = "|".join(OBJECTS.values())
    if re.search(rf"^({objects})\b[^=\n]*=", text, re.MULTILINE):
        return False
    return bool(re.search(rf"^(def {CRITERION}\b|{CRITERION}\b[^=\n]*=[^=])", text, re.MULTILINE))


def _defines(kind: str, path: Path, *, ours: bool) -> bool:
    """Whether a file defines the object of a kind; a user's file that cannot be used is named once, and left out."""
    makes = re.compile(rf"^{OBJECTS[kind]}\b[^=\n]*=", re.MULTILINE)
    try:
        if not makes.search(path.read_text(encoding="utf-8")):
            return False
        if not ours:
            _read(kind, path.stem, path, path.stat().st_mtime_ns)
    except (UsageError, OSError, UnicodeDecodeError) as error:
        if ours:
            raise
        why = str(error) if isinstance(error, UsageError) else f"{path}: cannot be read: {_reason(error)}"
        _broken[kind, path.stem] = why
        _announce_once(f"left out: {why}")
        return False
    _broken.pop((kind, path.stem), None)
    return True


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "it is not UTF-8 text"


_broken: dict[tuple[str, str], str] = {}  # what is wrong with files that are left out


def check(kind: str, name: str) -> None:
    """Say what is wrong with the file of that name, if it was left out."""
    if name not in _found(kind) and (why := _broken.get((kind, name))):
        raise UsageError(why)


@cache
def _announce_once(text: str) -> None:
    roots.announce(text)


@cache
def _read(kind: str, name: str, path: Path, _changed: int) -> Entry:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UsageError(f"{path}, line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):  # null bytes, or expressions nested too deeply
        raise UsageError(f"{path}: is not a Python file") from None
    call = next(filter(None, (_value(statement, OBJECTS[kind]) for statement in tree.body)), None)
    if call is None and kind == "methods" and (made := _entry_of_criterion(name, tree)):
        return made
    if call is None:
        raise UsageError(f"{path}: has no line `{OBJECTS[kind]} = ...` at its top level")
    if not isinstance(call, ast.Call):
        raise UsageError(f"{path}, line {call.lineno}: {OBJECTS[kind]} must be made by a call with literal arguments")
    arguments = {keyword.arg: _literal(keyword.value) for keyword in call.keywords if keyword.arg}
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    known = {key: value for key, value in arguments.items() if value is not Ellipsis}
    made = Entry(kind, name, summary, known, _bounds(call), frozenset(arguments))
    other = _replaced(kind, tree, call)
    return made if other is None else _changed_entry(made, entry(kind, other))


def _entry_of_criterion(name: str, tree: ast.Module) -> Entry | None:
    """The description of a file with a plain `criterion`; None if it has none."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == CRITERION:
            said = ast.get_docstring(tree) or ast.get_docstring(statement)
        elif _value(statement, CRITERION) is not None:
            said = ast.get_docstring(tree)
        else:
            continue
        summary = (said or "A criterion(prediction, target).").partition("\n")[0]
        return Entry("methods", name, summary, {"uses_k": False}, is_criterion=True)
    return None


def _replaced(kind: str, tree: ast.Module, call: ast.Call) -> str | None:
    """The entry that an object is a copy of: `DATASET = replace(CIRCLE, ...)`, with CIRCLE the DATASET of its file."""
    match call:
        case ast.Call(func=ast.Name(id="replace"), args=[ast.Name(id=original)]):
            imports = [statement for statement in tree.body if isinstance(statement, ast.ImportFrom)]
        case _:
            return None
    names = {each.asname or each.name: (each.name, found.module or "") for found in imports for each in found.names}
    name, module = names.get(original, ("", ""))
    return module.rpartition(".")[2] if name == OBJECTS[kind] else None


def _changed_entry(made: Entry, of: Entry) -> Entry:
    """The description of a copy: what it does not give itself is that of the original."""
    return replace(
        made,
        arguments={**{key: value for key, value in of.arguments.items() if key not in made.given}, **made.arguments},
        bounds=made.bounds if "hparams" in made.given else of.bounds,
        given=made.given | of.given,
    )


def _value(statement: ast.stmt, name: str) -> ast.expr | None:
    """The value that a statement gives to a name, with or without a type."""
    targets = statement.targets[:1] if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return getattr(statement, "value", None) if named else None


@cache
def _own(table: roots.OwnTable, _generation: int) -> Any:
    """The dataset of a user's own table."""
    from regbench.data import describe

    return describe(table.path, table.targets, table.reading)


def _bounds(call: ast.Call) -> dict[str, dict[str, Any]]:
    """The keyword arguments of each `HParam` in a definition."""
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "hparams"), None)
    if not isinstance(given, ast.Dict):
        return {}
    return {
        str(name): {str(keyword.arg): _literal(keyword.value) for keyword in value.keywords}
        for name, value in zip((getattr(key, "value", None) for key in given.keys), given.values, strict=True)
        if isinstance(value, ast.Call)
    }


def _literal(node: ast.expr) -> Any:
    """The value of a literal; for `HParam(0.5, ...)` its default; Ellipsis for any other expression."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "HParam":
        named = (keyword.value for keyword in node.keywords if keyword.arg == "default")
        return float(ast.literal_eval(node.args[0] if node.args else next(named)))
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return {key.value: _literal(value) for key, value in zip(node.keys, node.values, strict=True)}  # type: ignore[union-attr]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...
