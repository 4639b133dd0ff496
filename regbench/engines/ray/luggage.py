"""Files that the user named, plug-ins and tables, on their way to the nodes of a cluster.

They are copied into one folder, which Ray's runtime environment brings to every node and unpacks as the working
directory of the actors. Nothing else of the user's is sent.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from regbench import roots
from regbench.errors import InfrastructureError

LARGEST_BYTES = 400 * 2**20  # together; Ray refuses more than 512 MB
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


@dataclass
class Luggage:
    """Files and folders; `sent` says where each is, below the folder that is sent."""

    paths: Sequence[str] = ()
    sent: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_process(cls) -> Self:
        """The plug-ins and tables that were named up to now."""
        added = roots.added()
        tables = [table.path for table in added.tables if Path(table.path).is_file()]
        return cls(tuple(dict.fromkeys([*added.places, *tables])))

    @contextlib.contextmanager
    def packed(self) -> Iterator[dict[str, Any]]:
        """Options with which Ray, as it is joined, takes the files up; the copies are removed afterwards."""
        if not self.paths:
            yield {}
            return
        with tempfile.TemporaryDirectory(prefix="regbench-ray-") as folder:
            self._pack(folder)
            yield {"runtime_env": {"working_dir": folder}}

    def _pack(self, folder: str) -> None:
        size = 0
        for number, path in enumerate(map(Path, self.paths)):
            below = f"{number}/{path.name}"
            target = Path(folder, below)
            size += _bytes(path)
            if size > LARGEST_BYTES:
                raise InfrastructureError(
                    f"{path}: with it, the files to send to the nodes of the Ray cluster have over "
                    f"{LARGEST_BYTES / 2**20:.0f} MiB; make a dataset of a plug-in folder of it, which fetches itself"
                )
            target.parent.mkdir()
            if path.is_dir():
                shutil.copytree(path, target, ignore=LEFT_OUT)
            else:
                shutil.copy2(path, target)
            self.sent[str(path)] = below


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
