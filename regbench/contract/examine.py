"""Ask the promises of one file, and say what was found where."""

import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass

from regbench.contract import places
from regbench.contract.promises import Broken, Promise, promises
from regbench.contract.subject import Subject
from regbench.errors import RegbenchError

KEPT, BROKEN, SKIPPED = "kept", "broken", "not asked"


@dataclass(frozen=True)
class Outcome:
    """What was found of one promise.

    outcome: "kept", "broken", or "not asked" because an earlier one is broken without which it means nothing.
    note: what a user should know of a promise that is kept.
    expected, found, remedy: of a broken one; line and code: where in the file, if that is known.
    """

    promise: str
    says: str
    outcome: str
    note: str = ""
    expected: str = ""
    found: str = ""
    remedy: str = ""
    line: int | None = None
    code: str = ""


def examine(of: Subject, on_outcome: Callable[[Outcome], None] = lambda _: None) -> list[Outcome]:
    """The outcome of every promise, in order; `on_outcome` is called with each as it is known."""
    found = []
    for outcome in _outcomes(of):
        found.append(outcome)
        on_outcome(outcome)
    return found


def _outcomes(of: Subject) -> Iterator[Outcome]:
    stopped = False
    for promise in promises(of.kind):
        if stopped:
            yield Outcome(promise.name, promise.says, SKIPPED)
            continue
        outcome = ask(promise, of)
        stopped = promise.first and outcome.outcome == BROKEN
        yield outcome


def ask(promise: Promise, of: Subject) -> Outcome:
    """The outcome of one promise; an error in a function of the file breaks it."""
    try:
        with redirect_stdout(sys.stderr):  # what a file prints must not mix with the output of a command
            note = promise.check(of)
    except Broken as broken:
        line = broken.at if isinstance(broken.at, int) else places.line_of(broken.at, of.path)
        return _broken(promise, of, broken.expected, broken.found, broken.remedy, line)
    except Exception as error:  # of any kind: it is somebody else's code
        line = places.line_in(error.__traceback__, of.path)
        if line is None and not promise.first and not isinstance(error, RegbenchError):
            raise  # not from the file: a bug of ours
        said = str(error).partition("\n")[0]
        found = said if isinstance(error, RegbenchError) else f"{type(error).__name__}: {said}"
        remedy = "see this line" if line else "see what the functions of the file return"
        return _broken(promise, of, "no error", found, remedy, line)
    return Outcome(promise.name, promise.says, KEPT, note or "")


def _broken(promise: Promise, of: Subject, expected: str, found: str, remedy: str, line: int | None) -> Outcome:
    code = places.text_of(of.path, line)
    return Outcome(promise.name, promise.says, BROKEN, "", expected, found, remedy, line, code)
