"""The files of a commit in a folder of their own: a git worktree, which is removed afterwards."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from regbench.errors import InfrastructureError


def git(folder: Path, *arguments: str) -> str | None:
    """What git says in a folder; None if it refuses, or is not installed."""
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def full_name(repository: Path, commit: str) -> str | None:
    """The full name of a commit; None if the repository has none of that name."""
    return git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")


@contextmanager
def checked_out(repository: Path, sha: str) -> Iterator[Path]:
    """A temporary folder with the files of a commit."""
    with TemporaryDirectory(prefix="regbench-commit-") as place:
        folder = Path(place) / "regbench-at-commit"
        if git(repository, "worktree", "add", "--detach", str(folder), sha) is None:
            raise InfrastructureError(f"git could not check out {sha} into {folder}")
        try:
            yield folder
        finally:
            git(repository, "worktree", "remove", "--force", str(folder))
