"""Why a sequence of looks has stopped."""

from enum import Enum


class Stopped(Enum):
    """The reason, with the words for it."""

    DECIDED = "decided"
    BUDGET = "the budget is used up; the same command goes on"
    LOOKS = "the planned looks are used up; the same command plans further ones, at a higher confidence"
    SEEDS = "more seeds cannot help"
    NOTHING = "nothing fits the budget"
    FAILED = "no further pair of seeds was finished"
    INTERRUPTED = "interrupted"
