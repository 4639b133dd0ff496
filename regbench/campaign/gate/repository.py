"""The git repository of a lock file: it holds regbench itself, or the plug-ins of somebody who uses it, or both."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from regbench.config import commands_in
from regbench.errors import InfrastructureError, UsageError
from regbench.kinds.command.inputs import files
from regbench.owncommands import OwnCommand
from regbench.roots import PACKAGE, Added
from regbench.runner.adopt.ask import Version
from regbench.runner.adopt.checkout import checked_out, full_name, git


@dataclass(frozen=True)
class Repository:
    """A repository, by its top folder."""

    top: Path

    @classmethod
    def of(cls, lock: Path) -> "Repository | None":
        """The repository of a lock file, which need not exist yet; None without a repository, or without git."""
        folder = next(place for place in lock.absolute().parents if place.is_dir())
        top = git(folder, "rev-parse", "--show-toplevel")
        return cls(Path(top).resolve()) if top else None

    @property
    def has_regbench(self) -> bool:
        """Whether regbench itself is part of it; an installed one in a folder `.venv` is not."""
        return self._tracks(PACKAGE / "__init__.py")

    def commit(self, name: str = "HEAD") -> str | None:
        """The full name of a commit; None if there is none of that name."""
        return full_name(self.top, name)

    def relative(self, places: Sequence[str]) -> list[str]:
        """The plug-ins' places relative to the top folder.

        Raises:
            UsageError: a place lies elsewhere, so that no commit has it.
        """
        found = []
        for place in map(Path, places):
            if not place.resolve().is_relative_to(self.top):
                raise UsageError(
                    f"the plug-in {place} is outside the repository {self.top}, so no commit tells its code"
                )
            found.append(place.resolve().relative_to(self.top).as_posix())
        return found

    def check(self, commit: str, plugins: Sequence[str], commands: Sequence[str] = ()) -> None:
        """Refuse a commit that is not here, or that cannot tell the code of a baseline."""
        if self.commit(commit) is None:
            if git(self.top, "rev-parse", "--is-shallow-repository") == "true":
                raise InfrastructureError(
                    f"the baseline's commit {commit[:10]} is not in this shallow clone: `git fetch --unshallow` "
                    "(actions/checkout: fetch-depth: 0)"
                )
            raise InfrastructureError(
                f"the baseline's commit {commit[:10]} is not in {self.top} (squashed or rebased?); "
                "fetch it, or bless again at a commit that stays"
            )
        if not self.has_regbench and not plugins and not commands:
            raise InfrastructureError(
                f"{self.top} holds neither regbench nor a plug-in, so its commits do not tell the code of the baseline"
            )

    @contextmanager
    def at(
        self, commit: str, present: Version, plugins: Sequence[str], commands: Sequence[str] = ()
    ) -> Iterator[Version]:
        """The code of a commit; what the repository does not hold, such as an installed regbench, is the present one.

        The tables of the user are the present ones too: both codes see the same data, whose digests are checked. So are
        inputs of commands that git ignores.

        commands: the names of those that are needed.
        """
        self.check(commit, plugins, commands)
        with checked_out(self.top, commit) as folder:
            places = tuple(str(folder / place) for place in plugins)
            if lacking := [place for place in places if not Path(place).exists()]:
                raise InfrastructureError(f"the baseline's commit {commit[:10]} has no {Path(lacking[0]).name}")
            inside = PACKAGE.parent.resolve().relative_to(self.top) if self.has_regbench else None
            yield replace(
                present,
                folder=present.folder if inside is None else folder / inside,
                added=Added(
                    places,
                    present.added.tables,
                    tuple(self._at(folder, commit, one) for one in present.added.commands if one.name in commands),
                ),
            )

    def _at(self, folder: Path, commit: str, command: OwnCommand) -> OwnCommand:
        """A command as the file of benchmarks of a commit names it; `folder` has the files of that commit."""
        home = Path(command.folder).resolve()
        if not home.is_relative_to(self.top):
            raise UsageError(
                f"{command.name} is in {home}, outside the repository {self.top}: no commit tells its code"
            )
        there = folder / home.relative_to(self.top)
        for name, path in files(command).items():
            place = there / name
            if not place.exists() and git(home, "check-ignore", "--quiet", str(path)) is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path.resolve())
        try:
            known = commands_in(there / command.file)
        except UsageError as error:
            raise InfrastructureError(
                f"commit {commit[:10]} cannot run {command.name}: {error}; commit it, "
                "or have git ignore what is data, which is then the present one"
            ) from None
        if command.name not in known:
            raise InfrastructureError(f"commit {commit[:10]} has no command {command.name} in {command.file}")
        return known[command.name]

    def _tracks(self, path: Path) -> bool:
        return git(self.top, "ls-files", "--error-unmatch", str(path.resolve())) is not None


def present(added: Added, device: str = "cpu") -> Version:
    """The code of this process."""
    return Version(PACKAGE.parent, added, device)
