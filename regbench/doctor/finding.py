"""What a check of the machine found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The result of one check; `remedy` says what to do if it is not ok."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
