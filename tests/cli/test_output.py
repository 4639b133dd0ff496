"""What happens where output cannot be written, and where Ctrl-C comes before anything has started."""

import subprocess
import sys
from pathlib import Path

import pytest

from regbench.cli.output import program

FULL = Path("/dev/full")
INTERRUPTED = """
import runpy, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
sys.argv = ["regbench", "list", "methods"]
runpy.run_module("regbench", run_name="__main__")
"""


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    "command", [["list", "methods"], ["list", "metrics", "--json"], ["run", "--help"], ["--version"]]
)
def test_output_that_cannot_be_written_is_one_line_and_exit_7(command):
    with FULL.open("w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "regbench", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert said.returncode == 7, said.stderr
    [line] = said.stderr.splitlines()
    assert line.startswith("regbench: the output cannot be written: No space left on device")


def test_ctrl_c_while_the_program_is_imported_is_exit_130_without_a_traceback():
    said = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (130, "regbench: interrupted\n")


@pytest.mark.parametrize("on_path", [True, False])
def test_a_command_to_copy_names_a_program_that_the_shell_finds(on_path, tmp_path, monkeypatch):
    started = tmp_path / "a venv" / "regbench"
    started.parent.mkdir()
    started.write_text("")
    started.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(started)])
    monkeypatch.setenv("PATH", str(started.parent) if on_path else str(tmp_path))
    assert program() == ("regbench" if on_path else f"'{started}'")


def test_a_command_to_copy_from_a_module_starts_the_module(monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(Path("regbench") / "__main__.py")])
    assert program() == f"{sys.executable} -m regbench"
