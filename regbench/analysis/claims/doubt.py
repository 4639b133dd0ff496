"""Three-valued logic with numbers: how wrong it may be to call a statement true, and to call it false.

A printed number leaves no doubt or all of it. Runs with several seeds leave some, and the more statements are asked of
them at once, the sooner one of them looks false by chance; `at_least` corrects for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HOLDS, FAILS, OPEN = "holds", "fails", "cannot be decided"
VERDICTS = (HOLDS, FAILS, OPEN)
LEVEL = 0.95  # of the intervals over seeds
ALLOWED = (1 - LEVEL) / 2  # doubt, on either side


@dataclass(frozen=True)
class Doubt:
    """The chance of being wrong at most, calling a statement true or calling it false: 0 is certain, 1 is no idea."""

    of_true: float
    of_false: float

    @property
    def verdict(self) -> str:
        """What may be said of the statement.

        >>> Doubt(0.01, 0.99).verdict, Doubt(0.3, 0.7).verdict
        ('holds', 'cannot be decided')
        """
        if self.of_true <= ALLOWED:
            return HOLDS
        return FAILS if self.of_false <= ALLOWED else OPEN

    @property
    def turned(self) -> "Doubt":
        """The doubt of the negated statement."""
        return Doubt(self.of_false, self.of_true)


TRUE, FALSE, UNKNOWN = Doubt(0.0, 1.0), Doubt(1.0, 0.0), Doubt(1.0, 1.0)


def certain(*, true: bool) -> Doubt:
    """A statement that is known to be true, or known to be false."""
    return TRUE if true else FALSE


def at_least(needed: int, doubts: Sequence[Doubt]) -> Doubt:
    """The doubt that at least `needed` of the statements are true.

    The bound is Bonferroni's, for partial conjunctions that of Benjamini and Heller (2008),
    https://doi.org/10.1111/j.1541-0420.2007.00984.x: to call all true takes no correction, for each must be certain by
    itself; to call one of n false takes n times its certainty, for there were n chances to look so.

    >>> at_least(2, [TRUE, TRUE, UNKNOWN]) == TRUE, at_least(3, [TRUE, UNKNOWN, FALSE]) == FALSE
    (True, True)
    """
    count = len(doubts)
    if needed > count or count == 0:
        return certain(true=needed <= 0)
    true = sorted(each.of_true for each in doubts)[needed - 1]
    false = sorted(each.of_false for each in doubts)[count - needed]
    return Doubt(min(1.0, (count - needed + 1) * true), min(1.0, needed * false))
