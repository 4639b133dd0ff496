"""A canonical text for a syntax tree, independent of formatting and of the Python version that parsed it.

The output of `ast.unparse` and `ast.dump` differs between versions. Here the fields of nodes are written in
alphabetical order, and empty ones are left out.
"""

import ast
import json
from typing import Any

IGNORED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})  # do not affect execution


def spell(node: Any) -> str:  # noqa: PLR0911 - one case for each type
    """A node, a list of nodes or a constant as text.

    >>> spell(ast.parse("f(x, 1.0)").body[0].value)
    '(Call args=[(Name id="x") (Constant value=0x1.0000000000000p+0)] func=(Name id="f"))'
    """
    match node:
        case ast.JoinedStr():
            return f"(JoinedStr values={spell(_merged(node.values))})"
        case ast.AST():
            fields = [(name, getattr(node, name, None)) for name in sorted(node._fields) if name not in IGNORED]
            said = [f"{name}={spell(value)}" for name, value in fields if _counts(node, name, value)]
            return f"({' '.join([type(node).__name__, *said])})"
        case list():
            return f"[{' '.join(map(spell, node))}]"
        case float():
            return node.hex()
        case complex():
            return f"{node.real.hex()}+{node.imag.hex()}j"
        case bytes():
            return f"b{node.hex()}"
        case str():
            return json.dumps(node)
        case _:  # integers, True, False, None, Ellipsis: the same in all versions
            return repr(node)


def _counts(node: ast.AST, name: str, value: Any) -> bool:
    """Whether a field is not empty; the None of a constant counts."""
    return value not in (None, []) or (isinstance(node, ast.Constant) and name == "value")


def _merged(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string with adjacent texts joined, because Python versions split them differently."""
    merged: list[ast.expr] = []
    for value in values:
        text = value.value if isinstance(value, ast.Constant) else None
        last = merged[-1] if merged else None
        if text == "":
            continue
        if isinstance(text, str) and isinstance(last, ast.Constant) and isinstance(last.value, str):
            merged[-1] = ast.Constant(last.value + text)
        else:
            merged.append(value)
    return merged
