"""Programs of a user, as files and as rows of the catalog."""

import sys
from pathlib import Path
from typing import Any

from regbench import roots
from regbench.job import Job, Protocol
from regbench.owncommands import NAMED, OwnCommand

START = """
import json, os, signal, sys, time
from pathlib import Path
kept = Path(os.environ["REGBENCH_CHECKPOINT"])
def write(**values):
    line = json.dumps({name.replace("_", "/"): value for name, value in values.items()})
    with open(os.environ["REGBENCH_METRICS"], "a") as file:
        file.write(line + "\\n")
"""


def program(folder: Path, body: str, name: str = "train.py") -> Path:
    """A script that has `write(epoch=1, val_rmse=0.3)` and the folder `kept`."""
    path = folder / name
    path.write_text(START + body, encoding="utf-8")
    return path


def command(folder: Path, body: str = "", **fields: Any) -> OwnCommand:
    """A command called mine, in the catalog, which runs a script with this body."""
    program(folder, body)
    words = fields.pop("words", (sys.executable, "train.py", "{seed}"))
    made = OwnCommand("mine", words, str(folder), "benchmarks.yaml", **fields)
    roots.add(commands=[made])
    return made


def job(seed: int = 0, **changes: Any) -> Job:
    """A job of the command mine."""
    protocol = Protocol(batch_size=0, weight_decay=0.0, dropout=0.0, **{"epochs": 1, **changes.pop("protocol", {})})
    usual = {"dataset": "tests", "digest": f"{NAMED}tests", "method": "mine", "backbone": "none"}
    return Job(**{**usual, **changes}, seed=seed, protocol=protocol)
