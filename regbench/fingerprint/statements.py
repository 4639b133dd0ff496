"""What one statement refers to, and its canonical text.

It depends on the statement alone, so that all digests of a process share it: most of what one method depends on, the
others depend on too.
"""

import ast
from dataclasses import dataclass
from functools import cache

from regbench.fingerprint.spelling import spell

Chain = tuple[str, ...]  # `losses.soft.kl` as its names


@dataclass(frozen=True)
class Statement:
    """The names of a statement, each once.

    names: those that stand alone.
    chains: a name and the attributes after it; of `losses.soft.kl`, `losses.soft` too.
    attributes: every attribute, and every text that may be one, as in `getattr(model, "state")`.
    """

    names: tuple[str, ...]
    chains: tuple[Chain, ...]
    attributes: tuple[str, ...]
    text: str


@cache
def read(node: ast.stmt) -> Statement:
    """What a statement refers to; the tree of a module must not change afterwards."""
    names: dict[str, None] = {}
    chains: dict[Chain, None] = {}
    attributes: dict[str, None] = {}
    for leaf in ast.walk(node):
        match leaf:
            case ast.Name(id=name):
                names[name] = None
            case ast.Attribute(attr=attribute):
                attributes[attribute] = None
                if chain := _chain(leaf):
                    chains[chain] = None
            case ast.Constant(value=str(text)) if text.isidentifier():
                attributes[text] = None
    return Statement(tuple(names), tuple(chains), tuple(attributes), spell(node))


@cache
def without_methods(node: ast.ClassDef) -> ast.ClassDef:
    """A class without the methods that count only if their name is used."""
    body = [statement for statement in node.body if not is_method(statement)]
    return ast.ClassDef(node.name, node.bases, node.keywords, body or [ast.Pass()], node.decorator_list)


def is_method(node: ast.stmt) -> bool:
    """Whether a statement of a class is a method that counts only if its name is used."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not (
        node.name.startswith("__") and node.name.endswith("__")
    )


def _chain(leaf: ast.expr) -> Chain:
    """The names of `losses.soft`; empty where it begins with something else than a name."""
    match leaf:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=value, attr=attribute):
            return (*front, attribute) if (front := _chain(value)) else ()
        case _:
            return ()
