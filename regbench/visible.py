"""Text that shows what it holds: characters that command a terminal, or that nobody sees, are spelled out."""

import re
import unicodedata
from functools import cache

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode's categories: control, format, surrogate, separators
JOINERS = "\u200c\u200d"  # several scripts and emojis need them
UNUSUAL = re.compile(r"[^\n\t -~]")


def visible(text: str) -> str:
    r"""The text with unseen characters as JSON spells them.

    >>> visible("red \x1b[31m, bell \x07, reversed \u202e, Größe 🙂")
    'red \\u001b[31m, bell \\u0007, reversed \\u202e, Größe 🙂'
    """
    return UNUSUAL.sub(lambda found: _spelled(found[0]), text)


@cache
def _spelled(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in UNSEEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place] << 8 | units[place + 1]:04x}" for place in range(0, len(units), 2))
