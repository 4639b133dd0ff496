"""How a user's own table is read, as far as the user says so: in benchmarks.yaml, on the command line or in Python."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from regbench.errors import WrongValueError, did_you_mean

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blank": " ", "blanks": " ", "space": " "}
DECIMALS = {"point": ".", "comma": ","}
HEADERS = {"first": True, "none": False}
CHOICES = {
    "missing": ("median", "drop", "refuse"),
    "categories": ("encode", "drop", "refuse"),
    "dates": ("parts", "drop", "refuse"),
    "booleans": ("numbers", "drop", "refuse"),
    "constant": ("keep", "drop"),
}
MOST_LEVELS = 1_000  # of a category with a column per level


@dataclass(frozen=True)
class Preprocess:
    """The rules by which columns that are not plain numbers become inputs.

    one_hot: a category of at most this many levels becomes a column per level; of more levels, one column of codes.
    missing: fill gaps with the median of the training rows and mark them in a column of their own, or leave out rows
        with gaps, or refuse them.
    categories, dates, booleans: make numbers of them, leave out these columns, or refuse them.
    constant: keep or leave out numeric columns with one value; columns without a value, or of one text, are left out.
    categorical: numeric columns that are categories, such as the number of a shop.
    """

    one_hot: int = 16
    missing: str = "median"
    categories: str = "encode"
    dates: str = "parts"
    booleans: str = "numbers"
    constant: str = "keep"
    categorical: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How a file is read, as far as the user says so; what is empty or None is found out.

    sep: the character between cells; a blank stands for any number of blanks and tabs.
    decimal: point or comma.
    header: whether the first line of a text file has the names of the columns; otherwise they are called 1, 2, 3, ...
    drop: columns that are no inputs.
    group: the column whose rows with the same value stay together under `split: grouped`; it is no input.
    keep_index: whether columns that only count or name the rows are inputs too.
    """

    sep: str = ""
    decimal: str = ""
    header: bool | None = None
    drop: tuple[str, ...] = ()
    group: str = ""
    keep_index: bool = False
    preprocess: Preprocess = Preprocess()


USUAL = Reading()


def unusual(reading: Reading) -> dict[str, Any]:
    """The fields that are not the usual ones, as plain data; `from_plain` is the inverse.

    >>> unusual(Reading(sep=";", preprocess=Preprocess(one_hot=4)))
    {'sep': ';', 'preprocess': {'one_hot': 4}}
    """
    changed = _changed(reading, USUAL)
    if "preprocess" in changed:
        changed["preprocess"] = _changed(reading.preprocess, USUAL.preprocess)
    return changed


def from_plain(given: Mapping[str, Any]) -> Reading:
    """The reading with these fields, as `unusual` gives them."""
    preprocess = Preprocess(**_tuples(given.get("preprocess", {})))
    return Reading(**{**_tuples(given), "preprocess": preprocess})


def _changed(value: Any, usual: Any) -> dict[str, Any]:
    both = {field.name: (getattr(value, field.name), getattr(usual, field.name)) for field in fields(usual)}
    return {name: list(one) if isinstance(one, tuple) else one for name, (one, other) in both.items() if one != other}


def _tuples(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def as_reading(given: dict[str, Any]) -> Reading:
    """The settings of a table as words and lists; `WrongValueError` with the name of the wrong one as its place."""
    known = [field.name for field in fields(Reading)]
    for key in given:
        if key not in known:
            raise WrongValueError(f"no setting of a table is called '{key}'{did_you_mean(str(key), known)}", key)
    words = {"sep": (SEPARATORS, "the character between cells"), "decimal": (DECIMALS, "the decimal sign")}
    made: dict[str, Any] = {}
    for key, value in given.items():
        if key in words:
            made[key] = _sign(key, value, *words[key])
        elif key == "header":
            made[key] = _one_of(key, value, HEADERS)
        elif key == "drop":
            made[key] = _names(key, value)
        elif key == "group":
            made[key] = _name(key, value)
        elif key == "keep_index":
            made[key] = _one_of(key, value, {"true": True, "false": False})
        else:
            made[key] = as_preprocess(value)
    return Reading(**made)


def as_preprocess(given: Any) -> Preprocess:
    """The field `preprocess:` of a table."""
    known = [field.name for field in fields(Preprocess)]
    if not isinstance(given, dict):
        raise WrongValueError(f"must be settings such as {{one_hot: 8, missing: drop}}, not {given!r}", "preprocess")
    made: dict[str, Any] = {}
    for key, value in given.items():
        place = ("preprocess", key)
        if key not in known:
            raise WrongValueError(f"no setting of preprocess is called '{key}'{did_you_mean(str(key), known)}", *place)
        if key == "one_hot":
            if type(value) is not int or not 0 <= value <= MOST_LEVELS:
                raise WrongValueError(f"must be a number of levels from 0 to {MOST_LEVELS:,}, not {value!r}", *place)
            made[key] = value
        elif key == "categorical":
            made[key] = _names(key, value, "preprocess")
        else:
            made[key] = _one_of(key, value, {word: word for word in CHOICES[key]}, "preprocess")
    return Preprocess(**made)


def rules(given: Iterable[str]) -> dict[str, Any]:
    """The rules `KEY=VALUE` of the command line as the field `preprocess:` has them.

    >>> rules(["one_hot=8", "categorical=shop", "categorical=year"])
    {'one_hot': 8, 'categorical': ['shop', 'year']}
    """
    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not value:
            raise WrongValueError(f"write KEY=VALUE, such as one_hot=8, not {text!r}", "preprocess")
        if key == "categorical":
            found.setdefault(key, []).append(value)
        else:
            found[key] = int(value) if value.isdecimal() else value
    return found


def options(reading: Reading, targets: Sequence[str] = ()) -> str:
    """A reading as options of the command line, empty if it is the usual one; also the targets if there are several.

    >>> options(Reading(drop=("id",), sep=";"))
    "--sep ';' --drop id"
    """
    words = [part for target in targets for part in ("--target", target)] if len(targets) > 1 else []
    for name in ("sep", "decimal"):
        words += [f"--{name}", getattr(reading, name)] if getattr(reading, name) else []
    if reading.header is not None:
        words += ["--header", next(word for word, value in HEADERS.items() if value is reading.header)]
    words += [part for column in reading.drop for part in ("--drop", column)]
    words += ["--group", reading.group] if reading.group else []
    words += ["--keep-index"] if reading.keep_index else []
    usual = Preprocess()
    for field in fields(Preprocess):
        if (value := getattr(reading.preprocess, field.name)) != getattr(usual, field.name):
            values = value if isinstance(value, tuple) else (value,)
            words += [part for each in values for part in ("--preprocess", f"{field.name}={each}")]
    return shlex.join(words)


def as_options(text: str) -> tuple[str, tuple[str, ...], Reading]:
    """The path, the targets and the reading that `path --sep ';' --drop id` says; the text itself where it says none.

    >>> as_options("a b.csv --target x --target y --drop id")[:2]
    ('a b.csv', ('x', 'y'))
    """
    for found in re.finditer(r" (?=--(?:target|sep|decimal|header|drop|group|keep-index|preprocess)\b)", text):
        try:
            return text[: found.start()], *_read_options(shlex.split(text[found.end() :]))
        except (ValueError, WrongValueError):  # it is part of a path
            continue
    return text, (), USUAL


def _read_options(words: list[str]) -> tuple[tuple[str, ...], Reading]:
    targets: list[str] = []
    given: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        key = word.removeprefix("--").replace("-", "_")
        if key == "keep_index":
            given[key] = True
            continue
        value = next(rest, None)
        if value is None:
            raise WrongValueError(f"{word} has no value")
        match key:
            case "target":
                targets.append(value)
            case "drop":
                given.setdefault(key, []).append(value)
            case "preprocess":
                given.setdefault(key, []).append(value)
            case _:
                given[key] = value
    if "preprocess" in given:
        given["preprocess"] = rules(given["preprocess"])
    return tuple(targets), as_reading(given)


def _sign(key: str, value: Any, known: dict[str, str], what: str) -> str:
    text = str(value).replace("\\t", "\t")
    sign = known.get(text.strip().lower() or text, text)
    if len(sign) != 1 or sign.isalnum() or sign in "\"'\n\r" or (key == "decimal" and sign not in known.values()):
        raise WrongValueError(f"must be {what} or one of {', '.join(known)}, not {value!r}", key)
    return sign


def _one_of(key: str, value: Any, known: dict[str, Any], *above: str) -> Any:
    word = str(value).lower()
    if word not in known:
        raise WrongValueError(f"must be {' or '.join(known)}, not {value!r}", *above, key)
    return known[word]


def _names(key: str, value: Any, *above: str) -> tuple[str, ...]:
    values: Iterable[Any] = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(_name(key, each, *above) for each in values))


def _name(key: str, value: Any, *above: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise WrongValueError(f"must be the name of a column, not {value!r}", *above, key)
    return str(value)
