"""Help is complete and imports no large library."""

import subprocess
import sys

import pytest

import regbench as package
from tests.cli.conftest import Command

COMMANDS = [
    "run",
    "plan",
    "status",
    "watch",
    "report",
    "compare",
    "bless",
    "gate",
    "list",
    "data",
    "doctor",
    "bench",
    "db",
    "why",
    "replay",
    "runs",
    "stale",
    "new",
    "check-plugin",
    "try",
]
INSIDE = {"data": ["list", "fetch", "import", "verify"], "db": ["export", "import", "rm", "rename"]}
EVERY = [*([each] for each in COMMANDS), *([group, each] for group, inside in INSIDE.items() for each in inside)]
HEAVY = {"torch", "pandas", "sqlalchemy", "sklearn", "matplotlib", "scipy", "yaml", "rich", "ray"}


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example(regbench: Command, words: list[str]) -> None:
    said = regbench(*words, "--help")
    assert said.code == 0
    assert "Examples:\n    regbench" in said.out or "Examples:\n  regbench" in said.out.replace("    ", "  ")
    assert f"regbench {' '.join(words)}" in said.out.split("Examples:")[1]


@pytest.mark.parametrize("words", [each for each in EVERY if each not in (["data"], ["db"])], ids=" ".join)
def test_every_command_gives_json(regbench: Command, words: list[str]) -> None:
    assert "--json" in regbench(*words, "--help").out


def test_the_first_help_names_every_command_and_every_exit_code(regbench: Command) -> None:
    said = regbench("--help")
    assert all(f"\n  {command} " in said.out for command in COMMANDS)
    assert all(f"\n    {code} " in said.out for code in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "130"))
    assert regbench().out == said.out
    assert regbench("-h").out == said.out


def test_the_version_is_told(regbench: Command) -> None:
    said = regbench("--version")
    assert (said.code, said.out) == (0, f"regbench {package.__version__}\n")


def test_no_help_imports_a_heavy_library() -> None:
    """Commands import what they need when they run, which keeps help below 0.4 s."""
    script = f"""
import sys
from regbench.cli.main import main
for words in [[], *{EVERY!r}]:
    main([*words, "--help"])
sys.exit(", ".join(sorted({HEAVY!r} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == "\n"


@pytest.mark.parametrize("arguments", [["list", "methods"], ["list", "datasets"], ["list", "reports"]])
def test_listings_need_no_torch(arguments: list[str]) -> None:
    script = f"import sys; from regbench.cli.main import main; main({arguments!r}); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


def test_python_m_regbench_is_regbench() -> None:
    done = subprocess.run([sys.executable, "-m", "regbench", "reprot"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'report'?" in done.stderr
