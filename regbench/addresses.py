"""Addresses without the passwords in them, for all that prints or stores an address or the words of a command."""

import re
from urllib.parse import unquote_plus

HIDDEN = "***"
# To the last @: a password may hold any sign, also an @ that is not escaped.
USER = re.compile(r"(\w://[^:/@\s]*):\S*@")
OPTION = re.compile(r"([?&])([^=&?\s]+)=([^&\s]*)")


def without_password(text: str) -> str:
    """The text with `***` for each password of an address in it, before the host or among the options.

    >>> without_password("--db=postgresql://me:secret/1@host/results?sslpassword=secret")
    '--db=postgresql://me:***@host/results?sslpassword=***'
    >>> without_password("results/regbench.db")
    'results/regbench.db'
    """
    if "://" not in text:
        return text
    return OPTION.sub(_option, USER.sub(rf"\1:{HIDDEN}@", text))


def is_secret(option: str) -> bool:
    """Whether an option of an address holds a password; an option may be written with percent signs."""
    return "password" in unquote_plus(option).lower()


def _option(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    return f"{before}{name}={HIDDEN if is_secret(name) else value}"
