"""Programs of the user's own as rows of a table: how each is called, what its numbers depend on, its placeholders.

A command is a template. `{seed}`, `{k}`, `{dataset}`, `{epochs}` and the names of its settings are filled in for each
job, and double braces stand for single ones.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METRICS = "REGBENCH_METRICS"  # the variable that names the file for its numbers, as JSON lines
CHECKPOINT = "REGBENCH_CHECKPOINT"  # the variable that names a folder which survives retries
PLACEHOLDERS = ("seed", "k", "dataset", "epochs")  # besides its settings
BRACES = re.compile(r"\{\{|\}\}|\{(\w*)\}|[{}]")
NAMED = "name:"  # how the digest of a dataset begins that is only a name for a command
BETTER = "better"  # option of a job whose deciding metric is not one of ours: `high` or `low`


@dataclass(frozen=True)
class OwnCommand:
    """A program of the user, whose runs are jobs.

    words: its arguments; a single text if a shell reads it.
    folder: the absolute folder it runs in, that of the file that names it.
    file: the name of that file, in the folder.
    inputs: files and folders that its numbers depend on, relative to the folder.
    gpus: 1 if it needs a GPU, 0 if it must see none, None if it may use that of its slot.
    limit_s: seconds after which it is ended; None without a limit.
    settings: the names of further placeholders.
    """

    name: str
    words: tuple[str, ...]
    folder: str
    file: str
    inputs: tuple[str, ...] = ()
    shell: bool = False
    gpus: int | None = None
    limit_s: float | None = None
    settings: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command as text."""
        return self.words[0] if self.shell else shlex.join(self.words)

    def uses(self, placeholder: str) -> bool:
        """Whether a placeholder is in it."""
        return any(placeholder in placeholders(word) for word in self.words)

    def filled(self, values: Mapping[str, Any]) -> list[str]:
        """The arguments of a job's process; for a shell, values are quoted.

        >>> OwnCommand("mine", ("train", "--out={seed}-{{x}}"), "/", "b.yaml").filled({"seed": 3})
        ['train', '--out=3-{x}']
        """
        spell = (lambda value: shlex.quote(str(value))) if self.shell else str
        words = [BRACES.sub(lambda found: _filled(found, values, spell), word) for word in self.words]
        return ["/bin/sh", "-c", *words] if self.shell else words


def placeholders(text: str) -> list[str]:
    """The names of the placeholders in a text; a single brace is named as it is.

    >>> placeholders("python {x} --seed {seed} {{no}} }")
    ['x', 'seed', '}']
    """
    found = [match for match in BRACES.finditer(text) if match.group() not in ("{{", "}}")]
    return [match.group(1) if match.group(1) is not None else match.group() for match in found]


def _filled(found: re.Match[str], values: Mapping[str, Any], spell: Any) -> str:
    if found.group() in ("{{", "}}"):
        return found.group()[0]
    return spell(values[found.group(1)])
