"""Name the definitions that changed between the code of a stored result and the present code."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from regbench import fingerprint
from regbench.campaign.stale.commits import CommitUnknown, package_of
from regbench.campaign.stale.find import Outgrown
from regbench.fingerprint import Code, Difference
from regbench.fingerprint.modules import OWN
from regbench.kinds import is_ours, libraries, starts

Line = tuple[str, str]  # what happened, and the name it happened to
Place = tuple[str, str]  # method and backbone


@dataclass(frozen=True)
class Reason:
    """How the present code differs from the code of a group of jobs.

    difference: None if the old code cannot be read; `said` has the reason then.
    exact: whether the code of the commit has the digest that was recorded, by the present rules for digests.
    said: what else is to be known, in one line; may be empty.
    """

    difference: Difference | None
    exact: bool
    said: str

    def data(self) -> dict[str, Any]:
        """The reason as plain data."""
        names = {} if self.difference is None else {name: list(found) for name, found in vars(self.difference).items()}
        return {**names, "exact": self.exact, "said": self.said or None}


@dataclass(frozen=True)
class Since:
    """What changed since a commit for some groups of jobs.

    shared: names with what happened to them, and the methods and backbones that they count for, from most to fewest.
    said: what else is to be known.
    """

    commit: str | None
    groups: tuple[Outgrown, ...]
    shared: tuple[tuple[tuple[Place, ...], tuple[Line, ...]], ...]
    said: tuple[str, ...]

    def concerned(self, places: Collection[Place]) -> list[str]:
        """The methods in words, with their backbones where there are several."""
        every = {(group.row, group.backbone) for group in self.groups}
        if set(places) == every:
            return ["all of them"]
        backbones = sorted({backbone for _, backbone in every})
        whole = [name for name in backbones if {place for place in every if place[1] == name} <= set(places)]
        if len(backbones) == 1:
            return [row for row, _ in places]
        rest = [f"{row} on {backbone}" for row, backbone in places if backbone not in whole]
        return [*(f"all on {name}" for name in whole), *rest]


def explain(groups: Iterable[Outgrown]) -> list[tuple[Outgrown, Reason]]:
    """The reason of each group; the files of a commit are read once."""
    by_commit: dict[str | None, list[Outgrown]] = defaultdict(list)
    for group in groups:
        by_commit[group.base.commit].append(group)
    return [pair for commit, some in by_commit.items() for pair in _of_commit(commit, some)]


def since(reasons: Sequence[tuple[Outgrown, Reason]]) -> list[Since]:
    """The reasons by commit, each name only once."""
    by_commit: dict[str | None, list[tuple[Outgrown, Reason]]] = defaultdict(list)
    for group, reason in reasons:
        by_commit[group.base.commit].append((group, reason))
    return [_together(commit, some) for commit, some in by_commit.items()]


def _of_commit(commit: str | None, groups: Sequence[Outgrown]) -> list[tuple[Outgrown, Reason]]:
    try:
        with package_of(commit) as folder:
            return [(group, _reason(group, Code({OWN: folder}))) for group in groups]
    except CommitUnknown as error:
        return [(group, Reason(None, exact=False, said=str(error))) for group in groups]


def _reason(group: Outgrown, old: Code) -> Reason:
    if group.new is None:
        return Reason(None, exact=False, said=group.why)
    job = group.jobs[0]
    if not is_ours(job.method):
        return Reason(None, exact=False, said=f"the command line of {job.method}, or one of its inputs, has changed")
    needed_code = starts(job)
    if foreign := [module for module, _ in needed_code if not old.is_ours(module)]:
        return Reason(None, exact=False, said=f"{foreign[0]} is a plug-in, whose older versions are not known here")
    new = fingerprint.present()
    before = fingerprint.reach(old, [start for start in needed_code if fingerprint.has(old, start)])
    found = fingerprint.difference(before, fingerprint.reach(new, needed_code))
    needed = libraries(job.method)
    recorded = [(name, group.base.libraries.get(name, "")) for name, _ in needed]
    exact = fingerprint.digest_of(old, before, recorded) == group.base.code
    updated = [
        f"{name} {then or '(version not recorded)'} -> {version}"
        for (name, then), (_, version) in zip(recorded, needed, strict=True)
        if then != version
    ]
    return Reason(
        found,
        exact=exact,
        said="; ".join(filter(None, [group.why, _shown(group), *updated, _doubt(group, exact=exact)])),
    )


def _shown(group: Outgrown) -> str:
    """Why the commit is not the one that they ran at; empty if it is."""
    if group.base.code == group.old:
        return ""
    return f"they ran at {(group.commit or 'an unknown commit')[:10]}, whose code was shown to compute the same as here"


def _doubt(group: Outgrown, *, exact: bool) -> str:
    """What keeps the comparison of commits from being the comparison of what ran; empty if nothing does."""
    if exact:
        return ""
    if group.base.dirty:
        return "files were changed since that commit when they ran, and only the commit is compared"
    return "the rules by which digests are made have changed since, so more may be named than counted then"


def _together(commit: str | None, reasons: Sequence[tuple[Outgrown, Reason]]) -> Since:
    concerned: dict[Line, dict[Place, None]] = defaultdict(dict)
    for group, reason in reasons:
        for line in reason.difference.lines() if reason.difference else ():
            concerned[line][group.row, group.backbone] = None
    shared: dict[tuple[Place, ...], list[Line]] = defaultdict(list)
    for line, rows in concerned.items():
        shared[tuple(rows)].append(line)
    return Since(
        commit=commit,
        groups=tuple(group for group, _ in reasons),
        shared=tuple(sorted(((rows, tuple(lines)) for rows, lines in shared.items()), key=lambda pair: -len(pair[0]))),
        said=tuple(dict.fromkeys(reason.said for _, reason in reasons if reason.said)),
    )
