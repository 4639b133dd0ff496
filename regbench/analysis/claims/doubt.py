"""Three-valued logic with error probabilities: the risk of calling a statement true, and of calling it false.

A printed number gives certainty or none at all. Runs with several seeds leave some doubt, and the more statements are
tested at once, the likelier one of them looks false by chance; `at_least` corrects for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HOLDS, FAILS, OPEN = "holds", "fails", "cannot be decided"
VERDICTS = (HOLDS, FAILS, OPEN)
LEVEL = 0.95  # of the intervals over seeds
ALLOWED = (1 - LEVEL) / 2  # the largest doubt with which a statement is called true, or false


@dataclass(frozen=True)
class Doubt:
    """Upper bounds on the chance of error in calling a statement true or false: 0 is certain, 1 is unknown."""

    of_true: float
    of_false: float

    @property
    def verdict(self) -> str:
        """The verdict on the statement.

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
    https://doi.org/10.1111/j.1541-0420.2007.00984.x. Calling all of them true needs no correction, because each must be
    certain by itself. Calling this false because one of n is false multiplies its doubt by n, because there were n
    chances of error.

    >>> at_least(2, [TRUE, TRUE, UNKNOWN]) == TRUE, at_least(3, [TRUE, UNKNOWN, FALSE]) == FALSE
    (True, True)
    """
    count = len(doubts)
    if needed > count or count == 0:
        return certain(true=needed <= 0)
    true = sorted(doubt.of_true for doubt in doubts)[needed - 1]
    false = sorted(doubt.of_false for doubt in doubts)[count - needed]
    return Doubt(min(1.0, (count - needed + 1) * true), min(1.0, needed * false))
