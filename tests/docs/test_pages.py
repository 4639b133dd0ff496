"""What the pages show is what a reader sees: their commands are run, and the others exist."""

from pathlib import Path

import pytest
import typer

from regbench import catalog
from regbench.cli.main import app
from tests.docs import shown

LONG = {"getting-started", "bridges", "tightness"}  # starts workers; read all runs of a paper


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page in LONG)) for page in shown.pages()]
)
def test_the_examples_of_a_page_print_what_it_shows(page: str, in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown.in_folder(in_tmp)
    names: dict[str, object] = {}
    assert [said for block in shown.blocks(page) if (said := shown.check(block, names))] == []


@pytest.mark.parametrize("page", shown.pages())
def test_commands_that_a_page_only_names_exist_with_their_options(page: str) -> None:
    group = typer.main.get_command(app)
    lines = [line for block in shown.blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    for given in filter(None, map(shown.words, lines)):
        command, rest = group, given
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]  # type: ignore[attr-defined]
        known = {name for option in command.params for name in option.opts}
        asked = [word.partition("=")[0] for word in rest if word.startswith("-")]
        assert set(asked) <= known, given


def test_every_page_is_in_the_table_of_contents() -> None:
    text = (shown.DOCS / "index.md").read_text(encoding="utf-8").splitlines()
    assert set(shown.pages()) - {"index"} <= set(text)
    for kind in ("methods", "regularizers", "wrappers", "backbones"):
        assert f"catalog/{kind}/index" in text
        assert catalog.names(kind)
