"""The code blocks of a page, run as a reader would: one after the other, in one folder."""

import contextlib
import doctest
import io
import os
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from regbench.cli.main import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A block of code: `console` with output, `pycon` with results, `python`, or `sh`, which is not run."""

    language: str
    text: str


def pages() -> list[str]:
    return sorted(path.stem for path in DOCS.glob("*.md"))


def blocks(page: str) -> list[Block]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return [Block(found["language"], found["text"]) for found in BLOCK.finditer(text)]


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, and what is shown below each."""
    pieces = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    return [(first, shown) for first, _, shown in (piece.partition("\n") for piece in pieces[1:])]


def words(command: str) -> list[str] | None:
    """The arguments of a call of regbench; None for another program."""
    found = shlex.split(command, comments=True)
    return found[1:] if found[:1] == ["regbench"] else None


def check(block: Block, names: dict[str, object]) -> str:
    """What is wrong with a block; empty if nothing is."""
    match block.language:
        case "python":
            exec(compile(block.text, "page", "exec"), names)
        case "pycon":
            test = doctest.DocTestParser().get_doctest(block.text, names, "page", None, None)
            said = io.StringIO()
            doctest.DocTestRunner(optionflags=LIKE).run(test, out=said.write, clear_globs=False)
            names.update(test.globs)
            return said.getvalue()
        case "console":
            return "\n".join(filter(None, (differs(*each) for each in commands(block))))
    return ""


def differs(command: str, shown: str) -> str:
    """What a command prints, if that is not what the page shows; `...` stands for anything."""
    given = words(command)
    assert given is not None, command
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(given)
    said = out.getvalue()
    if code or not _is_like(shown, said):
        return f"$ {command}\n{said}\n{err.getvalue()}exit {code}; the page shows\n{shown}"
    return ""


def _is_like(shown: str, said: str) -> bool:
    pieces = (re.escape(" ".join(piece.split())) for piece in shown.split("..."))
    return bool(re.fullmatch(r"\s*" + ".*".join(pieces) + r"\s*", " ".join(said.split()), re.DOTALL))


def in_folder(folder: Path) -> None:
    """A working folder that has the published results, as a checkout does."""
    (folder / "results").mkdir()
    (folder / "results" / "published").symlink_to(ROOT / "results" / "published")
    os.environ.pop("FORCE_COLOR", None)
