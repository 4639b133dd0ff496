"""Ask a version of the code, in a process of its own, for the digests of jobs and the curves of their training."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from regbench.errors import InfrastructureError
from regbench.job import Job
from regbench.reading import unusual
from regbench.roots import VARIABLE, Added, OwnTable

PROBE = Path(__file__).with_name("probe.py")

Curves = Mapping[str, Sequence[str]]
Answers = dict[str, dict[str, Any]]  # key of a job -> its digest and curves


@dataclass(frozen=True)
class Version:
    """A version of the code, and where it trains.

    folder: the folder that holds the package `regbench`.
    added: plug-ins of that version, and tables of the user.
    device: where it trains.
    """

    folder: Path
    added: Added = field(default_factory=Added)
    device: str = "cpu"


class VersionFailed(InfrastructureError):
    """A version of the code could not do what it was asked."""

    def __init__(self, message: str, version: Version) -> None:
        super().__init__(message)
        self.version = version


def ask(together: Sequence[Sequence[Job]], version: Version, *, train: bool) -> Answers:
    """Let a version tell the digest of each job and, with `train`, train each group of jobs as one pack.

    Raises:
        VersionFailed: that version fails.
    """
    if not together:
        return {}
    with TemporaryDirectory(prefix="regbench-adopt-") as place:
        question, answer = Path(place) / "question.json", Path(place) / "answer.json"
        asked = {
            "packs": [[job.config() for job in pack] for pack in together],
            "train": train,
            "device": version.device,
            "places": version.added.places,
            "tables": [_plain(table) for table in version.added.tables],
            "commands": [asdict(command) for command in version.added.commands],
        }
        question.write_text(json.dumps(asked), encoding="utf-8")
        said = subprocess.run(
            [sys.executable, "-P", PROBE, question, answer],
            env={**os.environ, "PYTHONPATH": str(version.folder), VARIABLE: ""},  # its plug-ins are in the question
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            why = _last_line(said.stderr)
            raise VersionFailed(f"the code in {version.folder} could not train the sample: {why}", version)
        return {job["key"]: job for job in json.loads(answer.read_text(encoding="utf-8"))}


def _plain(table: OwnTable) -> dict[str, Any]:
    """A table as plain data, which older code reads too as far as it can."""
    return {"name": table.name, "path": table.path, "targets": table.targets, "reading": unusual(table.reading)}


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
