"""The package as a commit has it, from regbench's own repository."""

import contextlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from regbench.provenance import git_state
from regbench.roots import PACKAGE


class CommitUnknown(Exception):
    """The files of a commit cannot be had; the message says why."""


@contextlib.contextmanager
def package_of(commit: str | None) -> Iterator[Path]:
    """A temporary folder `regbench` with the files of a commit; nothing in the repository changes.

    Raises:
        CommitUnknown: the commit was not recorded, or is not in a repository that has this package.
    """
    if commit is None:
        raise CommitUnknown(
            "their commit was not recorded, as it is where regbench is installed without its repository"
        )
    if git_state(PACKAGE)["commit"] is None:
        raise CommitUnknown(f"{PACKAGE} is not in regbench's own repository, so commit {commit[:10]} cannot be read")
    asked = ["git", "-C", str(PACKAGE.parent), "archive", "--format=tar", commit, PACKAGE.name]
    done = subprocess.run(asked, capture_output=True, check=False)
    if done.returncode:
        raise CommitUnknown(
            f"commit {commit[:10]} is not in the repository of {PACKAGE}; if it is a shallow clone, "
            "`git fetch --unshallow` completes it"
        )
    with TemporaryDirectory(prefix="regbench-commit-") as place:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place) / PACKAGE.name
