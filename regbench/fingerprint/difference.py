"""Name the definitions in which two versions of the code differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from regbench.fingerprint.reach import FOREIGN, Start


@dataclass(frozen=True)
class Difference:
    """Dotted names of definitions that count in one version and not, or otherwise, in the other.

    moved: old and new name of definitions whose text is the same; since a name counts, this changes a digest too.
    """

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.changed or self.added or self.removed or self.moved)

    def lines(self) -> list[tuple[str, str]]:
        """Each difference as what happened and the name, those that may change numbers first."""
        return [
            *(("changed", name) for name in self.changed),
            *(("added", name) for name in self.added),
            *(("removed", name) for name in self.removed),
            *(("moved", f"{before} -> {after}") for before, after in self.moved),
        ]


def difference(before: Mapping[Start, str], after: Mapping[Start, str]) -> Difference:
    """The difference between what `reach` found in two versions.

    Names of other distributions are left out: where one is new, so is the definition that uses it.

    >>> difference({("m", "f"): "1", ("m", "g"): "2"}, {("m", "f"): "3", ("n", "g"): "2"})
    Difference(changed=('m.f',), added=(), removed=(), moved=(('m.g', 'n.g'),))
    """
    old = {start: text for start, text in before.items() if text != FOREIGN}
    new = {start: text for start, text in after.items() if text != FOREIGN}
    gone = {(start[1], text): start for start, text in old.items() if start not in new}
    came = {(start[1], text): start for start, text in new.items() if start not in old}
    alike = gone.keys() & came.keys()
    return Difference(
        changed=_sorted(start for start in old.keys() & new.keys() if old[start] != new[start]),
        added=_sorted(start for content, start in came.items() if content not in alike),
        removed=_sorted(start for content, start in gone.items() if content not in alike),
        moved=tuple(sorted((".".join(gone[content]), ".".join(came[content])) for content in alike)),
    )


def _sorted(starts: Iterable[Start]) -> tuple[str, ...]:
    return tuple(sorted(map(".".join, starts)))
