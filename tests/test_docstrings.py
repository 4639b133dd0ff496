"""Public API, commands and catalog files have docstrings; elsewhere they are optional."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import typer

import regbench
from regbench import catalog
from regbench.cli.main import app

FEWEST_WORDS = 2  # "Itself." says nothing


def says_something(text: str | None) -> bool:
    first = (text or "").strip().partition("\n")[0]
    return len(first.split()) >= FEWEST_WORDS


def packages() -> list[str]:
    inside = pkgutil.walk_packages(regbench.__path__, "regbench.")
    return ["regbench", *(module.name for module in inside if module.ispkg)]


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str | None]]:
    """Every command with its help, those of groups too."""
    for name, command in group.commands.items():
        yield " ".join((*words, name)), command.help
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))


def test_every_public_name_of_the_python_api_has_a_docstring():
    """A package's `__all__` is its public API; a value among them has none of its own."""
    silent = []
    for package in map(importlib.import_module, packages()):
        for name in getattr(package, "__all__", ()):
            thing = getattr(package, name)
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and not says_something(thing.__doc__):
                silent.append(f"{package.__name__}.{name}")
    assert not silent


def test_every_command_has_a_docstring():
    found = dict(commands(typer.main.get_command(app)))
    assert "run" in found
    assert not [name for name, about in found.items() if not says_something(about)]


@pytest.mark.parametrize("kind", [kind for kind in catalog.OBJECTS if catalog.names(kind)])
def test_every_file_of_the_catalog_begins_with_a_sentence(kind):
    entries = [catalog.entry(kind, name) for name in catalog.names(kind)]
    assert not [entry.name for entry in entries if not says_something(entry.summary) or entry.summary[-1] not in ".:?"]
