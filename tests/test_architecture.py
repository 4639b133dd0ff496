"""How the house is built: imports go downward, and each heavy package has its rooms."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import regbench

PACKAGE = Path(regbench.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

# Which parts of regbench may import a package, and which only inside functions, so that commands stay fast.
ROOMS = {
    "torch": {
        *("types", "random", "native", "metrics", "methods", "regularizers", "wrappers", "backbones", "tasks"),
        *("training", "bench", "criterion", "contract", "sklearn"),
    },
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"reports"},
    "jinja2": {"reports"},
    "vl_convert": set(),
    "pandas": {"datasets", "data", "store", "analysis", "reports"},
    "scipy": {"metrics", "analysis", "baselines", "methods"},
    "sklearn": {"methods", "baselines", "sklearn"},
    "loky": {"engines"},
    "psutil": {"engines", "runner"},
    "safetensors": {"training"},
    "PIL": set(),
    "openml": set(),
    "ucimlrepo": set(),
    "medmnist": set(),
    "torchvision": set(),
    "openpyxl": set(),
}
INSIDE_FUNCTIONS = {
    "torch": {"runner", "engines", "provenance", "doctor", "kinds"},
    "vl_convert": {"reports"},
    "openml": {"data"},
    "ucimlrepo": {"data"},
    "medmnist": {"data"},
    "pandas": {"store", "reports", "analysis", "doctor"},
    "scipy": {"data"},
    "PIL": {"data"},
    "openpyxl": {"data"},
    "safetensors": {"backbones"},
    "loky": {"doctor"},
    "psutil": {"store", "kinds"},
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(tree: ast.AST, *, top: bool) -> set[str]:
    """Packages that a file imports when it is loaded, or anywhere in it; what only type checkers see does not count."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if top and isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        waiting.extend(ast.iter_child_nodes(node))
    return found


def test_heavy_packages_stay_in_their_rooms():
    wrong = [f"{path.relative_to(PACKAGE)}: {why}" for path in FILES for why in outside_its_room(path)]
    assert not wrong


def outside_its_room(path: Path) -> Iterator[str]:
    """What a file imports although it may not."""
    if not any(package in path.read_text() for package in ROOMS):
        return
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    tree = parsed(path)
    on_loading, anywhere = imports(tree, top=True), imports(tree, top=False)
    for package, rooms in ROOMS.items():
        if package in on_loading and room not in rooms:
            yield f"{package} may not be imported by {room} when it is loaded"
        if package in anywhere and room not in rooms | INSIDE_FUNCTIONS.get(package, set()):
            yield f"{package} may not be imported by {room} at all"


def test_imports_go_downward_only():
    program = Path(sys.executable).parent / "lint-imports"
    said = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_nothing_reads_or_writes_pickles():
    for path in FILES:
        assert not imports(parsed(path), top=False) & {"pickle", "dill", "cloudpickle", "shelve", "marshal"}, path
        text = path.read_text()
        assert "allow_pickle=True" not in text, path
        assert "torch.load" not in text, path
