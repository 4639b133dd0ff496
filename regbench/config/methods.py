"""`soft_binning[lambda_sigma=0.5]`: a method or baseline and what differs from its defaults, as text or as YAML."""

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regbench import catalog, kinds
from regbench.config.names import WrongValueError, resolve_row
from regbench.errors import UsageError, did_you_mean
from regbench.job import Pairs, pairs

SPELLING = re.compile(r"\s*(?P<name>[^\[\]]+?)\s*(?:\[(?P<inside>[^\[\]]*)\])?\s*")


@dataclass(frozen=True)
class Variant:
    """A method or baseline with every hyper-parameter and static choice spelled out."""

    method: str
    hparams: Pairs
    static: Pairs
    fixed: frozenset[str] = field(default=frozenset(), compare=False)  # what was written, be it the default

    @property
    def label(self) -> str:
        """How it is written everywhere: what differs from the defaults, in brackets."""
        return catalog.label(self.method, dict(self.hparams), dict(self.static))

    @property
    def uses_k(self) -> bool:
        """Whether the number of bins matters to it."""
        return kinds.uses_k(self.method)

    @property
    def uses_seed(self) -> bool:
        """Whether the seed matters to it, on one and the same split."""
        return kinds.uses_seed(self.method)

    @property
    def reads_images(self) -> bool:
        """Whether it can make something of pictures."""
        return kinds.reads_images(self.method)


def parse_variant(text: str) -> Variant:
    """The one variant that a text names, as on the command line; `UsageError` where it is wrong or means several."""
    try:
        first, *others = read_method(text)
    except WrongValueError as error:
        raise UsageError(str(error)) from None
    if others:
        raise UsageError(f"'{text}' means {1 + len(others)} variants and one is needed here")
    return first


def read_method(value: Any) -> tuple[Variant, ...]:
    """The variants of one entry: a text, or a mapping from one name to its settings, where a list is a grid.

    >>> [each.label for each in read_method("soft_binning[lambda_sigma=0.5,lambda_sigma=1]")]
    ['soft_binning', 'soft_binning[lambda_sigma=1]']
    >>> [each.label for each in read_method({"soft_binning": {"lambda_sigma": [1, 2]}})]
    ['soft_binning[lambda_sigma=1]', 'soft_binning[lambda_sigma=2]']
    """
    match value:
        case Variant():
            return (value,)
        case str():
            name, settings = split_brackets(value)
        case dict() if len(value) == 1:
            [(name, settings)] = value.items()
        case _:
            raise WrongValueError("must be a method such as soft_binning[lambda_sigma=1], or one name and its settings")
    try:
        method = resolve_row(str(name))
    except UsageError as error:
        raise WrongValueError(str(error)) from None
    if not isinstance(settings, Mapping | None):
        raise WrongValueError(f"must be settings such as {{lambda_sigma: 1}}, not {settings!r}", str(name))
    inside = () if isinstance(value, str) else (str(name),)
    return _grid(method, settings or {}, inside)


def split_brackets(text: str) -> tuple[str, dict[str, list[str]]]:
    """`name[a=1,a=2,b=x]` as a name and the texts given to each key.

    >>> split_brackets("soft_binning[lambda_sigma=0.5, lambda_sigma=1]")
    ('soft_binning', {'lambda_sigma': ['0.5', '1']})
    """
    found = SPELLING.fullmatch(text)
    if not found:
        raise WrongValueError(f"'{text}' is not written as name or name[key=value,...]")
    settings: dict[str, list[str]] = {}
    for part in filter(None, map(str.strip, (found["inside"] or "").split(","))):
        key, equals, value = part.partition("=")
        if not equals or not value.strip():
            raise WrongValueError(f"'{part}' in '{text}' is not written as key=value")
        settings.setdefault(key.strip(), []).append(value.strip())
    return found["name"], settings


def _grid(method: str, settings: Mapping[str, Any], inside: tuple[str, ...]) -> tuple[Variant, ...]:
    known = catalog.row(method)
    hparams: dict[str, Any] = dict(known.hparams)
    static: dict[str, Any] = dict(known.arguments.get("static", {}))
    axes: list[list[tuple[str, Any]]] = []
    for key, given in settings.items():
        name = str(key).replace("-", "_")
        place = (*inside, str(key)) if inside else ()
        if name not in hparams and name not in static:
            rest = did_you_mean(str(key), [*hparams, *static]) or "; it has none"
            raise WrongValueError(f"{method} has no hyper-parameter called '{key}'{rest}", *place)
        values = given if isinstance(given, list) else [given]
        if not values:
            raise WrongValueError(f"'{key}' has no value, so there is nothing to run", *place)
        default = hparams[name] if name in hparams else static[name]
        axes.append([(name, read_value(name, value, default, *place)) for value in values])
    variants = []
    for choice in itertools.product(*axes):
        chosen = dict(choice)
        variants.append(
            Variant(
                method,
                hparams=pairs({name: chosen.get(name, default) for name, default in hparams.items()}),
                static=pairs({name: chosen.get(name, default) for name, default in static.items()}),
                fixed=frozenset(chosen),
            )
        )
    if repeated := next((each for each in variants if variants.count(each) > 1), None):
        raise WrongValueError(f"{repeated.label} is named twice", *inside)
    return tuple(variants)


def read_value(name: str, value: Any, default: Any, *place: str) -> Any:
    """A setting in the type of its default, from text or from YAML.

    >>> read_value("lambda_sigma", "1", 0.5), read_value("width", "64", 128), read_value("bias", "no", True)
    (1.0, 64, False)
    """
    text = str(value).strip()
    match default:
        case bool():
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if text.lower() not in words:
                raise WrongValueError(f"{name} must be true or false, not {value!r}", *place)
            return words[text.lower()]
        case int():
            if not re.fullmatch(r"[-+]?\d+", text):
                raise WrongValueError(f"{name} must be a whole number, not {value!r}", *place)
            return int(text)
        case float():
            return _number(name, value, *place)
        case _:
            return text


def _number(name: str, value: Any, *place: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise WrongValueError(f"{name} must be a finite number, not {value!r}", *place)
    if "sigma" in name and number <= 0:
        raise WrongValueError(f"{name} is a width and must be greater than 0, not {value!r}", *place)
    if number < 0 and (name.startswith("lambda_") or name.endswith("_lr")):
        raise WrongValueError(f"{name} must not be negative, not {value!r}", *place)
    return number
