"""What a contributor meets first: what those files call and name is there."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import regbench
from regbench.config.marks import Loader

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
FILES = [*sorted(GITHUB.rglob("*.yml")), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]
PAGES = sorted(GITHUB.glob("*.md"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
INPUTS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}  # of GitHub's issue forms
DEV = "python tools/dev.py "


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def calls() -> list[str]:
    """Every command that a file calls."""
    found = [hook["entry"] for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    for path in sorted((GITHUB / "workflows").glob("*.yml")):
        steps = [step for job in read(path)["jobs"].values() for step in job["steps"]]
        found += [line for step in steps for line in step.get("run", "").splitlines()]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_yaml_are_mappings(path: Path) -> None:
    assert isinstance(read(path), dict)


def test_what_they_call_exists() -> None:
    usage = subprocess.run(
        [sys.executable, ROOT / "tools" / "dev.py"], capture_output=True, text=True, check=False
    ).stderr
    known = usage.split()[3].split("|")
    assert {"test", "lint", "docs"} <= set(known)
    assert calls()
    for call in calls():
        program, *rest = shlex.split(call)
        if call.startswith(DEV):
            assert rest[1] in known, call
        else:
            assert program.startswith(".venv/bin/"), call
            assert (Path(sys.executable).parent / Path(program).name).exists(), call


def test_ci_runs_every_python_that_is_supported_on_three_systems() -> None:
    matrix = read(GITHUB / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    named = [line.rpartition(":: ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert matrix["python"] == named
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: path.name)
def test_an_issue_form_asks_something(path: Path) -> None:
    form = read(path)
    assert form["name"]
    assert form["description"]
    assert all(each["type"] in INPUTS and each["attributes"].get("label") for each in form["body"])
    assert len({each["id"] for each in form["body"]}) == len(form["body"])
    assert any(each.get("validations", {}).get("required") for each in form["body"])


def test_the_citation_is_of_this_version() -> None:
    """What the schema 1.2.0 requires, and what must agree with pyproject.toml."""
    said = read(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(said)
    assert (said["cff-version"], said["type"]) == ("1.2.0", "software")
    assert (said["version"], said["license"]) == (regbench.__version__, PROJECT["license"])
    assert said["authors"] == PROJECT["authors"]
    for work in said["references"]:
        assert {"type", "title", "authors"} <= set(work)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_paths_that_a_page_names_exist(path: Path) -> None:
    names = re.findall(
        r"`((?:regbench|tests|tools|results)/[\w./-]+|[\w.-]+\.(?:md|toml))`", path.read_text(encoding="utf-8")
    )
    assert [name for name in names if not (ROOT / name).exists()] == []
