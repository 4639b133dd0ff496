"""Find all definitions that are reachable from a few entry points."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from regbench.fingerprint.bare import CATALOG, SETTING
from regbench.fingerprint.modules import Code, Module, Target
from regbench.fingerprint.statements import Chain, Statement, is_method, read, without_methods

Start = tuple[str, str]  # module and name

# They find files or functions by name, make messages, manage memory, replay a captured step, or replace a function by a
# compiled one with the same bits, which is checked when it is loaded; they do not affect numbers.
WITHOUT_NUMBERS = frozenset(
    {
        "regbench.catalog",
        "regbench.roots",
        "regbench.errors",
        "regbench.native",
        "regbench.training.allocator",
        "regbench.training.capture",
        "regbench.training.chosen",
    }
)
EFFECTS = "(when loaded)"
FOREIGN = "foreign"  # in place of the text of a definition of another distribution


def reach(code: Code, starts: Sequence[Start]) -> dict[Start, str]:
    """All definitions reachable from `starts`, by module and name, in the canonical form of `spell`.

    In a regbench class without foreign base classes, a method counts only if reachable code uses an attribute of that
    name. In other classes all methods count, because foreign code may call them.

    Raises:
        LookupError: a start does not exist.
    """
    walk = _Walk(code)
    for module, name in starts:
        if not has(code, (module, name)):
            raise LookupError(f"there is no {name} in {module}")
        walk.follow(Target(module, name))
    walk.to_the_end()
    return walk.found


def has(code: Code, start: Start) -> bool:
    """Whether a module defines or imports a name."""
    module, name = start
    found = code.module(module)
    return found is not None and (name in found.defined or name in found.imported)


@dataclass
class _Walk:
    code: Code
    found: dict[Start, str] = field(default_factory=dict)
    waiting: list[Target] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    methods: dict[str, list[tuple[str, str, ast.stmt]]] = field(default_factory=lambda: defaultdict(list))

    def follow(self, target: Target) -> None:
        self.waiting.append(target)

    def to_the_end(self) -> None:
        while self.waiting:
            self._visit(self.waiting.pop())

    def _visit(self, target: Target) -> None:
        where = (target.module, target.name)
        if where in self.found or not target.name or self._is_silent(target):
            return
        module = self.code.module(target.module)
        if module is None:  # of another distribution: only its name counts
            self.found[where] = FOREIGN
        elif target.name in module.defined:
            self.found[where] = ""
            self._effects(target.module, module)
            texts = [self._definition(target.module, module, node) for node in module.defined[target.name]]
            self.found[where] = "\n".join(texts)
        elif target.name in module.imported:
            self.follow(self._resolved(module.imported[target.name]))
        else:
            for star in module.stars:
                self.follow(Target(star, target.name))

    def _is_silent(self, target: Target) -> bool:
        """Whether it cannot affect numbers; the classes of catalog objects only hold functions."""
        holds = target.name in {*CATALOG, SETTING} and self.code.is_ours(target.module)
        return holds or target.module in WITHOUT_NUMBERS

    def _effects(self, name: str, module: Module) -> None:
        if (name, EFFECTS) not in self.found and module.effects:
            self.found[name, EFFECTS] = ""
            self.found[name, EFFECTS] = "\n".join(self._text(module, name, node) for node in module.effects)

    def _definition(self, name: str, module: Module, node: ast.stmt) -> str:
        if not isinstance(node, ast.ClassDef) or not self._is_closed(name, module, node):
            return self._text(module, name, node)
        for statement in node.body:
            if is_method(statement):
                self._add_method(name, node.name, statement)
        return self._text(module, name, without_methods(node))

    def _is_closed(self, name: str, module: Module, node: ast.ClassDef) -> bool:
        """Whether only regbench's own code can call the methods of a class by name."""
        if not self.code.is_ours(name):
            return False
        bases = [_resolve(module, name, base.id) for base in node.bases if isinstance(base, ast.Name)]
        ours = [target for target in bases if target and self.code.module(target.module) is not None]
        return len(ours) == len(node.bases)

    def _add_method(self, module: str, owner: str, node: ast.stmt) -> None:
        method = getattr(node, "name", "")
        if method in self.attributes:
            self._take(module, owner, node)
        else:
            self.methods[method].append((module, owner, node))

    def _take(self, module: str, owner: str, node: ast.stmt) -> None:
        parsed = self.code.module(module)
        assert parsed is not None
        self.found[module, f"{owner}.{getattr(node, 'name', '')}"] = self._text(parsed, module, node)

    def _text(self, module: Module, name: str, node: ast.stmt) -> str:
        """A statement in canonical form; also follows all names in it."""
        statement = read(node)
        for target in self._named(module, name, statement):
            self.follow(target)
        for attribute in statement.attributes:
            self._attribute(attribute)
        return statement.text

    def _attribute(self, attribute: str) -> None:
        if attribute not in self.attributes:
            self.attributes.add(attribute)
            for module, owner, node in self.methods.pop(attribute, ()):
                self._take(module, owner, node)

    def _named(self, module: Module, name: str, statement: Statement) -> Iterator[Target]:
        for local in statement.names:
            if target := _resolve(module, name, local):
                yield self._resolved(target)
        for chain in statement.chains:
            if target := self._end(module, name, chain):
                yield target

    def _end(self, module: Module, name: str, chain: Chain) -> Target | None:
        """The target of `losses.soft` or `regbench.methods.lsq.loss`, if all before its last name are modules."""
        first = _resolve(module, name, chain[0])
        target = self._resolved(first) if first else None
        for attribute in chain[1:]:
            if target is None or target.name or self.code.module(target.module) is None:
                return None
            target = self._resolved(Target(target.module, attribute))
        return target

    def _resolved(self, target: Target) -> Target:
        """The module, if the target comes from `from package import module`."""
        inner = f"{target.module}.{target.name}" if target.name else target.module
        holds = self.code.module(target.module)
        named = holds is not None and (target.name in holds.defined or target.name in holds.imported)
        return Target(inner) if target.name and not named and self.code.module(inner) is not None else target


def _resolve(module: Module, name: str, local: str) -> Target | None:
    """The target of a name in a module: its own definition or an import."""
    if local in module.defined:
        return Target(name, local)
    if local in module.imported:
        return module.imported[local]
    return Target(name, local) if module.stars else None
