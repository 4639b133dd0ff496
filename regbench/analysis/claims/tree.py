"""A claim as a tree: a leaf compares one number with a limit, and an inner node says how many parts must hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from regbench.analysis.claims.doubt import ALLOWED, FAILS, HOLDS, Doubt, at_least
from regbench.analysis.claims.quantity import Quantity
from regbench.analysis.claims.rows import Missing, Row


@dataclass(frozen=True, eq=False)  # compared by identity, because each is made once
class Comparison:
    """One statement about cells, and the evidence on it. Without a dataset it is about the mean over datasets."""

    statement: str
    measure: str  # the meaning of `found`
    dataset: str | None
    cells: tuple[tuple[str, Row], ...]
    found: Quantity | None
    missing: Missing
    doubt: Doubt
    by_errors: bool = True  # False where no run could decide, or the values that sweeps chose do
    digits: str = ".3f"  # the format of `found` where it is not about one dataset
    shown: str = ""  # what was found in words, where it is no number

    @property
    def deciding(self) -> "tuple[Comparison, ...]":
        return (self,)

    @property
    def leaves(self) -> "tuple[Comparison, ...]":
        return (self,)


@dataclass(frozen=True)
class AtLeast:
    """At least `needed` of the parts hold."""

    needed: int
    parts: tuple["Node", ...]

    @cached_property
    def doubt(self) -> Doubt:
        return at_least(self.needed, [part.doubt for part in self.parts])

    @property
    def deciding(self) -> tuple[Comparison, ...]:
        """The comparisons that decide the verdict: those that hold, those that fail, or those that keep it open."""
        verdict, count = self.doubt.verdict, len(self.parts)
        match verdict:
            case "holds":
                chosen = [part for part in self.parts if (count - self.needed + 1) * part.doubt.of_true <= ALLOWED]
            case "fails":
                chosen = [part for part in self.parts if self.needed * part.doubt.of_false <= ALLOWED]
            case _:
                settled = HOLDS if self.needed == count else FAILS if self.needed == 1 else None
                chosen = [part for part in self.parts if part.doubt.verdict != settled]
        return tuple(dict.fromkeys(leaf for part in chosen or self.parts for leaf in part.deciding))

    @property
    def leaves(self) -> tuple[Comparison, ...]:
        return tuple(dict.fromkeys(leaf for part in self.parts for leaf in part.leaves))


@dataclass(frozen=True)
class Turned:
    """The negation of a part."""

    part: "Node"

    @property
    def doubt(self) -> Doubt:
        return self.part.doubt.turned

    @property
    def deciding(self) -> tuple[Comparison, ...]:
        return self.part.deciding

    @property
    def leaves(self) -> tuple[Comparison, ...]:
        return self.part.leaves


Node = Comparison | AtLeast | Turned


def every(parts: Iterable[Node]) -> AtLeast:
    """All of the parts hold."""
    parts = tuple(parts)
    return AtLeast(len(parts), parts)


def some(parts: Iterable[Node]) -> AtLeast:
    """At least one of the parts holds."""
    return AtLeast(1, tuple(parts))
