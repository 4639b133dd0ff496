"""Set up the virtual environment, and run, test, lint or document: `python tools/dev.py run|test|slow|lint|gate|docs`.

Standard library only, so that it works on a bare machine and where there is no make. The environment is
created in `.venv`, and updated when the files it depends on change. TORCH_BACKEND (cpu, cu128, ...)
overrides the detection of the torch build; a configured pip find-links folder with a torch wheel wins over detection.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / ".regbench-installed"
SUPPORTED = ((3, 11), (3, 13))
# One process per core, up to eight; idle processes take over tests from busy ones.
PARALLEL = ("--numprocesses=logical", "--maxprocesses=8", "--dist=worksteal")
MADE_FROM = ("pyproject.toml", "constraints.txt", "tools/dev.py")


def main(arguments: list[str]) -> int:
    """Set up, then do what was requested: run, test, slow, lint, gate, docs or install."""
    if not arguments or arguments[0] not in {"run", "test", "slow", "lint", "gate", "docs", "install"}:
        print("usage: python tools/dev.py run|test|slow|lint|gate|docs|install [arguments]", file=sys.stderr)
        return 2
    install()
    match arguments:
        case ["run", *rest]:
            return run_smoke(rest)
        case ["test" | "slow" as which, *rest]:  # the marker overrides that of pyproject.toml, which excludes slow ones
            marker = ("-m", "slow") if which == "slow" else ()
            return call(BIN / "python", "-m", "pytest", *PARALLEL, *marker, *rest)
        case ["lint", *_]:
            return lint()
        case ["docs" | "gate" as which, *rest]:
            if which == "docs":
                add_extra(which)
            return call(BIN / "python", "-m", f"tools.{which}", *rest)
        case _:
            return 0


def run_smoke(rest: list[str]) -> int:
    """The main job: train the smoke benchmark, draw its figure, and print its table."""
    regbench = BIN / "regbench"
    return call(regbench, "run", "smoke", *rest) or call(regbench, "report", "figure3", "--benchmark", "smoke")


def lint() -> int:
    """The checks of CI other than the tests."""
    checks = [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["pyright"]]
    return max(call(BIN / program, *rest) for program, *rest in checks)


def install() -> None:
    """Create `.venv` and install the project into it, unless that is up to date."""
    fingerprint = made_from()
    if STAMP.exists() and STAMP.read_text() == fingerprint:
        return
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        have = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"regbench needs Python 3.11, 3.12 or 3.13 and this is {have}: `make PYTHON=python3.12 run` picks another"
        )
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        print("setting up .venv (about a minute the first time)", file=sys.stderr, flush=True)
        venv.create(VENV, with_pip=True)
    check(BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
    add("dev")
    STAMP.write_text(fingerprint)


def add_extra(extra: str) -> None:
    """Install an extra that only one command needs, unless that was done since the last installation."""
    stamp = VENV / f".regbench-{extra}"
    if not stamp.exists() or stamp.read_text() != STAMP.read_text():
        add("dev", extra)
        stamp.write_text(STAMP.read_text())


def add(*extras: str) -> None:
    """Install the project with some of its extras; the versions in constraints.txt hold for all of them."""
    overrides = VENV / "overrides.txt"
    # medmnist declares torchvision, which conflicts with some CPU builds of torch and which we never need.
    overrides.write_text("torchvision ; python_version < '3'\n")
    command = [BIN / "uv", "pip", "install", "--quiet", "--python", BIN / "python", "--override", overrides]
    wanted = f"{ROOT}[{','.join(extras)}]"
    check(*command, "-c", ROOT / "constraints.txt", "-e", wanted, environment=uv_environment())


def uv_environment() -> dict[str, str]:
    """Let uv use pip's find-links folder; if there is none, uv chooses the torch build for this machine."""
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    links = os.environ.get("PIP_FIND_LINKS") or configured_find_links()
    if backend := os.environ.get("TORCH_BACKEND"):
        environment["UV_TORCH_BACKEND"] = backend
    elif links:
        environment["UV_FIND_LINKS"] = ",".join(links.split())  # pip separates by blanks, uv by commas
    else:
        environment.setdefault("UV_TORCH_BACKEND", "auto")
    return environment


def configured_find_links() -> str:
    """The find-links of pip's configuration; empty if there are none."""
    asked = [BIN / "python", "-m", "pip", "config", "get", "global.find-links"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def made_from() -> str:
    """A hash of everything the environment depends on."""
    contents = "".join((ROOT / name).read_text() for name in MADE_FROM)
    return hashlib.sha256(f"{contents}{os.environ.get('TORCH_BACKEND')}{sys.version}{ROOT}".encode()).hexdigest()


def call(*command: object) -> int:
    """Run a command in the project's folder and return its exit code."""
    # The first import compiles a module and every later one loads it: quicker than to compile all of `.venv` at once.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False).returncode
    except KeyboardInterrupt:  # the child got the same Ctrl-C and has reported it
        return 130


def check(*command: object, environment: dict[str, str] | None = None) -> None:
    """Run a command; exit if it fails."""
    code = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False).returncode
    if code:
        sys.exit(f"setting up failed: {' '.join(map(str, command))} gave exit code {code}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
