"""Strip a module's syntax tree of what cannot change a number: docstrings, messages, annotations, labels, bounds."""

import ast

QUIET = frozenset(
    {"reference", "cost", "label", "colour", "symbol", "place", "better", "unit", "needs", "licence", "url", "alias"}
)
# Objects of the catalog, whose labels and estimates do not affect numbers. All other calls keep all arguments.
CATALOG = frozenset(
    {"Method", "Baseline", "Backbone", "Metric", "TabularDataset", "ImageDataset", "ImageFolder"}
    | {"Regularizer", "Wrapper", "DepthFolder"}
)
SETTING = "HParam"  # default and bounds do not matter, because a job states its values


def bare(tree: ast.Module) -> ast.Module:
    """Strip the tree of a module, in place."""
    ours = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("regbench.")
        for alias in node.names
    }
    _Bare(ours).visit(tree)
    return tree


class _Bare(ast.NodeTransformer):
    def __init__(self, ours: dict[str, str]) -> None:
        self.ours = ours  # local name -> name in regbench

    def visit(self, node: ast.AST) -> ast.AST | None:
        """The stripped node; None if nothing of it counts."""
        if isinstance(node, ast.If) and "TYPE_CHECKING" in {
            getattr(node.test, "id", ""),
            getattr(node.test, "attr", ""),
        }:
            return None
        self.generic_visit(node)
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                return _without_words(node)
            case ast.arg():
                node.annotation = None
            case ast.AnnAssign():
                node.annotation = ast.Constant(None)
            case ast.Call(func=ast.Name(id=name)):
                self._call(node, self.ours.get(name, ""))
            case ast.Raise(exc=ast.Call(func=raised)):
                node.exc = raised
            case ast.Assert():
                node.msg = None
        return node

    @staticmethod
    def _call(node: ast.Call, name: str) -> None:
        if name in CATALOG:
            node.keywords = [keyword for keyword in node.keywords if keyword.arg not in QUIET]
        elif name == SETTING:
            node.args, node.keywords = [], []


def _without_words(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]
    node.body = node.body or [ast.Pass()]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node.returns = None
    return node
