"""A promise, what it looks like when it is broken, and the promises of each kind of file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from regbench.contract.subject import Subject


class Broken(Exception):
    """A promise is not kept: what was expected, what was found, and the nearest remedy.

    at: the function of the user's file that is to blame, or a line of it.
    """

    def __init__(self, expected: str, found: str, remedy: str, *, at: Callable[..., Any] | int | None = None) -> None:
        super().__init__(f"expected {expected}; found {found}; {remedy}")
        self.expected, self.found, self.remedy, self.at = expected, found, remedy, at


@dataclass(frozen=True)
class Promise:
    """One promise.

    name: one word or two, for listings.
    says: what holds where it is kept, as a sentence.
    check: raises `Broken` if it is not kept; returns what the user should know although it is kept, or nothing.
    first: whether the others mean nothing where it is broken.
    """

    name: str
    says: str
    check: Callable[[Subject], str | None]
    first: bool = False


def promises(kind: str) -> tuple[Promise, ...]:
    """The promises of methods, regularizers or wrappers, in the order in which they are checked."""
    from regbench.contract import methods, regularizers, trained

    if kind == "regularizers":
        return (*regularizers.PROMISES, *trained.PROMISES)
    return (*methods.PROMISES, *trained.PROMISES, trained.LEARNS)
