"""The errors a user can meet; each message is one line that names the problem, the place and a remedy.

    RegbenchError            exit code
    ├── UsageError              2   wrong name, value or file
    ├── JobsFailed              3   some jobs failed; the others are kept
    ├── Regressed               4   results became worse
    ├── NothingMeasured         6   no finished run to report on, or no baseline
    ├── InfrastructureError     7   no device, disk full, database locked or unusable
    │   ├── PassingError        7   a database that is locked, full or away, and may come back
    │   ├── NotInstalled        7   a package that is needed for this alone
    │   └── DataUnavailable     7   a dataset that no source can give
    ├── Mismatch                8   a replay or a verification disagrees, or a file breaks a promise
    └── Interrupted           130   Ctrl-C or SIGTERM

Anything else that escapes is a bug and keeps its traceback (exit code 1).
"""

import difflib
from collections.abc import Collection, Iterable, Sequence


class RegbenchError(Exception):
    """The root: a message for the user and the exit code that goes with it."""

    exit_code = 1


class UsageError(RegbenchError):
    """A wrong name, value or file, found before anything ran."""

    exit_code = 2


class JobsFailed(RegbenchError):
    """Some jobs failed; the results of the others are kept."""

    exit_code = 3


class Regressed(RegbenchError):
    """Results are worse than those that were blessed."""

    exit_code = 4


class NothingMeasured(RegbenchError):
    """There is no finished run to report on."""

    exit_code = 6


class InfrastructureError(RegbenchError):
    """A problem of the machine, not the benchmark: no device, a full or read-only disk, a locked database."""

    exit_code = 7


class PassingError(InfrastructureError):
    """A problem that may pass: a database that is locked, on a full or failing disk, or on a server that is away."""


class NotInstalled(InfrastructureError):
    """A package that only one thing needs is missing; the message has the command that installs it."""


class DataUnavailable(InfrastructureError):
    """No source gave the dataset; the message says where it was looked for and where to put it by hand."""


class Mismatch(RegbenchError):
    """A recomputed number differs from the stored one, or a user's file breaks a promise."""

    exit_code = 8


class Interrupted(RegbenchError):
    """The user, or the system, asked to stop; finished results are kept."""

    exit_code = 130


class WrongValueError(ValueError):
    """What is wrong with a value, and where inside it: `path` is relative to the value that was read.

    Whoever knows the file or the option it stands in makes a `UsageError` of it.
    """

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def some(names: Sequence[str], between: str = ", ", *, most: int = 6) -> str:
    """The first of some names, and how many more there are.

    >>> some(["a", "b"]), some(list("abcdefgh"))
    ('a, b', 'a, b, c, d, e, f and 2 more')
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return between.join(names[:most]) + more


def one_of(setting: str, given: object, known: Collection[str], what: str) -> str:
    """The value of a setting that must be one of a few words; `UsageError` with the nearest if it is none of them.

    >>> one_of("point", "mean", ("mean", "median"), "prediction")
    'mean'
    """
    value = str(given)
    if value not in known:
        raise UsageError(f"{setting}={value}: no such {what}{did_you_mean(value, known)}")
    return value


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them.

    >>> did_you_mean("soft_bining", ["lsq", "soft_binning"])
    "; did you mean 'soft_binning'?"
    >>> did_you_mean("lqs", ["ols", "lsq"])  # the same letters in another order
    "; did you mean 'lsq'?"
    >>> did_you_mean("LSQ", ["lsq", "soft_binning"])
    "; did you mean 'lsq'?"
    >>> did_you_mean("xyz", ["lsq", "soft_binning"])
    '; known: lsq, soft_binning'
    """
    known = list(dict.fromkeys(names))
    folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    if near:
        swapped = (candidate for candidate in near if sorted(candidate) == sorted(name.casefold()))
        return f"; did you mean '{folded[next(swapped, near[0])]}'?"
    return f"; known: {', '.join(known)}" if known else ""
