"""Addresses of databases: what is one, and the text without the passwords, for all that prints or stores it."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_plus

from regbench.errors import UsageError
from regbench.paths import named

HIDDEN = "***"
FORM = "postgresql://user:password@host/database"  # said in messages, so it is not hidden
# To the last @: a password may hold any sign, also an @ that is not escaped.
USER = re.compile(r"(\w://[^:@\s]*):\S*@")
BLANK = re.compile(r"(\w://[^:/@\s]*):(?!\d*(?:\W|$))[^@\n]*@(?:\S*@)?")  # a password with a blank in it
NO_HOST = re.compile(r"(\w://[^:/@\s]*):(?!\*|\d*(?:[^\w]|$))[^/\s]+")  # what stands for a port, and is none
ONE_SLASH = re.compile(r"(?i)\b((?:postgres|mysql|mariadb|https?)[\w+]*):/?(?!/)\S*@")  # or none; a path loses one too
BARE = re.compile(r":(?!//)\S*@")  # without a scheme; a table of the user's own has such a name too: file:column@digest
OPTION = re.compile(r"([?&])([^=&?\s]+)=([^&\s]*)")
WORDS = re.compile(r"(?i)(?<![?&\w])(\w*password\w*\s*=\s*)(?:'(?:[^'\\]|\\.)*'|\S+)")  # of libpq: host=h password=p
LIKE_PATH = re.compile(r"(?i)(postgres\w*(?:\+\w+)?|sqlite|mysql\w*):/+(.*)")  # a path keeps one slash of two
FOLDERS = re.compile(r"/(?!/)|\.\.?/|~")  # how the path of a file can begin so that it is taken for nothing else
MEANT = re.compile(
    r"(?i)(?:postgres\w*|sqlite)(?:\+\w+)?:|[^@]*:.*@.|(?:.*\s)?(?:host|hostaddr|user|password|dbname|service)\s*="
)


def is_address(place: str) -> bool:
    """Whether a database is given by an address, not by the path of its file."""
    return "://" in place


def path_of(place: str) -> Path | None:
    """The path that names a database; None for an address, and `UsageError` for what is meant as one and is none."""
    if is_address(place):
        return None
    path = named(place, "database ")
    if MEANT.match(place) and not FOLDERS.match(place) and not path.exists():
        hidden = BARE.sub(f":{HIDDEN}@", without_password(place))
        raise UsageError(f"database {hidden}: write the address of a server as {FORM}")
    return path


def check_no_address(place: Path) -> None:
    """Raise `UsageError` for an address where a file or a folder is asked for, before one of that name is made."""
    if found := LIKE_PATH.match(str(place)):
        address = without_password(f"{found[1]}://{found[2]}")
        raise UsageError(f"{address}: this is the address of a database, not a path; give it to --db")


def check_no_addresses(places: Sequence[Path]) -> None:
    """`check_no_address` for each of some paths."""
    for place in places:
        check_no_address(place)


def without_password(text: str) -> str:
    """The text with `***` for each password of an address in it, before the host or among the options.

    >>> without_password("--db=postgresql://me:secret/1@host/results?sslpassword=secret")
    '--db=postgresql://me:***@host/results?sslpassword=***'
    >>> without_password("there is no file postgresql:/me:secret@host"), without_password("host=h password=secret")
    ('there is no file postgresql:***@host', 'host=h password=***')
    >>> without_password("results/regbench.db"), without_password("house.csv:price@37c673")
    ('results/regbench.db', 'house.csv:price@37c673')
    """
    if "@" not in text and "://" not in text and "=" not in text:
        return text
    return FORM.join(_hidden(part) for part in text.split(FORM))


def is_secret(option: str) -> bool:
    """Whether an option of an address holds a password; an option may be written with percent signs."""
    return "password" in unquote_plus(option).lower()


def _hidden(text: str) -> str:
    for of_user in (USER, BLANK, ONE_SLASH):
        text = of_user.sub(rf"\1:{HIDDEN}@", text)
    text = NO_HOST.sub(rf"\1:{HIDDEN}", text)
    return WORDS.sub(rf"\1{HIDDEN}", OPTION.sub(_option, text))


def _option(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    return f"{before}{name}={HIDDEN if is_secret(name) else value}"
