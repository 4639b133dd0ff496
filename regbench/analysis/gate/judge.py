"""The verdict on a cell: first by the seeds of the file, then, if these make it suspect, by seeds not used before."""

from regbench.analysis.gate.evidence import Evidence

SAME, OK, OPEN, SUSPECT, REGRESSED = "same", "ok", "open", "suspect", "regressed"

ALARM = 0.01  # the probability that any cell is called regressed, if nothing changed
SCREEN = 0.1  # of this, the part that makes cells suspect, shared among them
CONFIRM = ALARM / SCREEN  # the part of each suspect's second test; no correction, see `false_alarm`
CONFIDENCE = 0.95  # of "not worse by more than the margin"; for all cells to be so, each has to be, at this level


def screen(evidence: Evidence, margin: float, cells: int) -> str:
    """The verdict by the first seeds of one of `cells`; a difference shown to be within the margin raises no alarm."""
    if evidence.same:
        return SAME
    if evidence.within(margin, CONFIDENCE):
        return OK
    return SUSPECT if evidence.p < SCREEN / cells else OPEN


def confirm(fresh: Evidence, whole: Evidence, margin: float) -> str:
    """The verdict on a suspect, by its second seeds; where they do not confirm it, by all of its seeds together.

    A model that ignores the seed has no second seeds: the first evidence, which has no chance in it, is passed again.
    """
    if fresh.p < CONFIRM:
        return REGRESSED
    return OK if whole.within(margin, CONFIDENCE) else OPEN


def false_alarm(cells: int) -> float:
    """The probability at most that an unchanged cell of so many is called regressed, summed over all.

    The first test of each is at SCREEN / cells and the second, of other seeds, at CONFIRM; both must fail.

    >>> round(false_alarm(1), 12), round(false_alarm(50), 12)
    (0.01, 0.01)
    """
    return cells * (SCREEN / cells) * CONFIRM
