"""Failure classes of jobs and the rule for each: whether a job is retried, and when."""

from dataclasses import dataclass

from regbench.errors import RegbenchError

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")


@dataclass(frozen=True)
class Rule:
    """How a failed job is treated.

    automatic: whether the next run retries it without --retry-failed.
    backoff: whether the same run retries it after a wait.
    words: the treatment as messages state it.
    """

    automatic: bool
    backoff: bool
    words: str

    def wait_s(self, attempt: int) -> float:
        """Seconds to wait after attempt `attempt` (from 1); they double, because the cause may pass by itself."""
        return min(FIRST_WAIT_S * 2 ** (attempt - 1), LONGEST_WAIT_S) if self.backoff else 0.0


FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0
ONLY_WHEN_ASKED = "tried again only with --retry-failed"

RULES = {
    "configuration": Rule(False, False, f"mend the entry; {ONLY_WHEN_ASKED}"),
    "user code": Rule(False, False, f"mend the method, which makes its jobs new; else {ONLY_WHEN_ASKED}"),
    "divergence": Rule(False, False, "a result, shown as missing, and not tried again"),
    "resources": Rule(True, False, "tried again in smaller packs, and by the next run"),
    "infrastructure": Rule(True, True, "tried again after a while, and by the next run"),
    "interrupted": Rule(True, False, "tried again by the next run"),
}
UNKNOWN = Rule(False, False, ONLY_WHEN_ASKED)  # for a class that another version wrote
RETRIED = frozenset(name for name, rule in RULES.items() if rule.automatic)


def classify(error: BaseException) -> str:
    """The failure class of an error that a job raised.

    >>> classify(MemoryError()), classify(OSError("disk full")), classify(ValueError("no such thing"))
    ('resources', 'infrastructure', 'user code')
    """
    if is_memory(error):
        return "resources"
    code = error.exit_code if isinstance(error, RegbenchError) else None
    if code == 2:
        return "configuration"
    if code == 130 or isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if code == 7 or isinstance(error, OSError) or is_of_device(error):
        return "infrastructure"
    return "user code"


def is_of_device(error: BaseException) -> bool:
    """Whether the device may be to blame for an error of CUDA or cuDNN; a job that is too large is to blame itself."""
    if is_memory(error):
        return False
    return "CUDA error" in str(error) or "cuDNN error" in str(error)


def is_memory(error: BaseException) -> bool:
    """Whether the machine or a device ran out of memory, by the error type or by the message of any library."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)


def rule(failure_class: str) -> Rule:
    """The rule of a failure class; `UNKNOWN` for a class that this version does not know."""
    return RULES.get(failure_class, UNKNOWN)
