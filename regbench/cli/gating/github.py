"""The outcome of a gate for GitHub Actions: a summary of the step, and annotations.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import os
from collections.abc import Mapping
from pathlib import Path

from regbench.analysis.gate import OPEN, REGRESSED
from regbench.campaign.gate.outcome import Outcome
from regbench.cli.gating.words import HEADER, about, row, sentence
from regbench.cli.output import say, shown
from regbench.errors import RegbenchError

ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}  # of messages
SPECIAL = {"|": "\\|", "<": "&lt;", "`": "'", "\n": " "}  # in a cell of a Markdown table


def tell(outcome: Outcome, environment: Mapping[str, str] = os.environ, *, strict: bool = False) -> None:
    """Write the summary and the annotations where GitHub asks for them."""
    _summarise(
        [f"### regbench gate: {_marked(sentence(outcome))}", "", *_table(outcome), "", *_lines(outcome)], environment
    )
    if outcome.verdict == REGRESSED:
        annotate("error", sentence(outcome), environment)
    elif outcome.verdict == OPEN:
        annotate("error" if strict else "warning", sentence(outcome), environment)


def tell_error(error: RegbenchError, environment: Mapping[str, str] = os.environ) -> None:
    """The same for a gate that came to no verdict."""
    _summarise([f"### regbench gate: no verdict, exit {error.exit_code}", "", _marked(str(error))], environment)
    annotate("error", f"no verdict (exit {error.exit_code}): {error}", environment)


def annotate(kind: str, message: str, environment: Mapping[str, str]) -> None:
    """An annotation; on stderr, which GitHub reads too, so that stdout has data only."""
    if environment.get("GITHUB_ACTIONS") == "true":
        say(f"::{kind} title=regbench gate::{escaped(message)}")


def escaped(message: str) -> str:
    r"""A message in which nothing ends or begins a workflow command.

    >>> escaped("worse by 3 %\n::error::x")
    'worse by 3 %25%0A::error::x'
    """
    return "".join(ESCAPES.get(letter, letter) for letter in message)


def markdown(outcome: Outcome) -> str:
    """The table of cells in Markdown."""
    return "\n".join(_table(outcome))


def _table(outcome: Outcome) -> list[str]:
    rows = [HEADER, ["---"] * len(HEADER), *(row(cell, outcome.unit) for cell in outcome.cells)]
    return ["| " + " | ".join("–" if each is None else _marked(str(each)) for each in line) + " |" for line in rows]


def _lines(outcome: Outcome) -> list[str]:
    return [f"- {_marked(line)}" for line in about(outcome)]


def _marked(text: str) -> str:
    return "".join(SPECIAL.get(letter, letter) for letter in shown(text))


def _summarise(lines: list[str], environment: Mapping[str, str]) -> None:
    path = environment.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))
    except OSError as error:
        say(f"regbench: GITHUB_STEP_SUMMARY={path} cannot be written: {error.strerror}")
