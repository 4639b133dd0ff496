"""How the house is built: imports go downward, and each heavy package has its rooms."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import regbench

PACKAGE = Path(regbench.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

# Which parts of regbench may import a package, and which only inside functions, so that commands stay fast.
ROOMS = {
    "torch": {
        *("types", "random", "native", "metrics", "methods", "regularizers", "wrappers", "backbones", "tasks"),
        *("training", "bench"),
    },
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"reports"},
    "pandas": {"datasets", "data", "store", "analysis", "reports"},
    "scipy": {"metrics", "analysis", "baselines", "methods"},
    "sklearn": {"methods", "baselines"},
    "loky": {"engines"},
    "psutil": {"engines", "runner"},
    "safetensors": {"training"},
    "PIL": set(),
    "openml": set(),
    "ucimlrepo": set(),
    "medmnist": set(),
    "torchvision": set(),
}
INSIDE_FUNCTIONS = {
    "torch": {"runner", "engines", "provenance", "doctor", "kinds"},
    "openml": {"data"},
    "ucimlrepo": {"data"},
    "medmnist": {"data"},
    "pandas": {"store", "reports", "analysis", "doctor"},
    "scipy": {"data"},
    "PIL": {"data"},
    "safetensors": {"backbones"},
    "loky": {"doctor"},
    "psutil": {"store"},
}


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_stay_in_their_rooms(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    tree = ast.parse(path.read_text())
    on_loading, anywhere = imports(tree, top=True), imports(tree, top=False)
    for package, rooms in ROOMS.items():
        if package in on_loading:
            assert room in rooms, f"{package} may not be imported by {room} when it is loaded"
        if package in anywhere:
            allowed = rooms | INSIDE_FUNCTIONS.get(package, set())
            assert room in allowed, f"{package} may not be imported by {room} at all"


def test_imports_go_downward_only():
    program = Path(sys.executable).parent / "lint-imports"
    said = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_nothing_reads_or_writes_pickles():
    for path in FILES:
        tree = ast.parse(path.read_text())
        assert not imports(tree, top=False) & {"pickle", "dill", "cloudpickle", "shelve", "marshal"}, path
        text = path.read_text()
        assert "allow_pickle=True" not in text, path
        assert "torch.load" not in text, path
