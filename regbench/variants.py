"""`name[key=value]+part[key=value]`: the notation of methods, parts added to them, and benchmarks.

A label has the settings that differ from a method's defaults, with sorted keys, so that equal variants have equal
labels. Dashes in the names of methods and keys are read as underscores. A name without brackets is the default variant.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from regbench import catalog
from regbench.errors import UsageError, WrongValueError
from regbench.job import Job
from regbench.job import Part as Added

SPELLING = re.compile(r"\s*(?P<name>[^\[\]]+?)\s*(?:\[(?P<inside>(?:[^\[\]]|(?<=\w)\[[^\[\]]*\])*)\])?\s*")
COMMA = re.compile(r",(?![^\[]*\])")  # not one within inner brackets: [method=huber[beta=2,k=5],seed=2]
PLUS = re.compile(r"\+(?![^\[]*\])")  # between a method and its parts; not the plus in 1e+3
BACKBONE = "backbone"  # written as a setting of the method: the network of a row, where a benchmark has several
DEFAULT_K = 25  # for a bare name: the largest k of the first paper, and the one in its figures


@dataclass(frozen=True)
class Part:
    """A name and its settings as written: strings in their order; a key may come more than once."""

    name: str
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return write(self.name, self.settings)

    def values(self) -> dict[str, list[str]]:
        """All values of each key."""
        found: dict[str, list[str]] = {}
        for key, value in self.settings:
            found.setdefault(key, []).append(value)
        return found


@dataclass(frozen=True)
class Wanted:
    """A variant that a user asked for, with its k."""

    method: str
    label: str
    k: int | None = None

    @property
    def spelled(self) -> str:
        """Its name in captions."""
        return self.label if self.k is None else f"{self.label} at k = {self.k}"


def read(text: str) -> tuple[Part, ...]:
    """A method and its parts; `WrongValueError` where the text does not follow the notation.

    >>> [str(part) for part in read(" end2end[ alpha=1e+3 ] + rot[gamma=0.01]")]
    ['end2end[alpha=1e+3]', 'rot[gamma=0.01]']
    """
    return tuple(read_part(part, text) for part in PLUS.split(text))


def read_part(text: str, whole: str | None = None) -> Part:
    """One name with its brackets; a plus is part of the name. Errors quote `whole`, by default the text itself.

    >>> read_part("soft_binning[lambda_sigma=0.5, lambda_sigma=1]")
    Part(name='soft_binning', settings=(('lambda_sigma', '0.5'), ('lambda_sigma', '1')))
    >>> read_part("smoke[method=huber[beta=2],seed=2]").settings
    (('method', 'huber[beta=2]'), ('seed', '2'))
    """
    whole = text if whole is None else whole
    found = SPELLING.fullmatch(text)
    if not found:
        raise WrongValueError(f"'{whole}' is not written as name or name[key=value,...]")
    settings = []
    for assignment in filter(None, map(str.strip, COMMA.split(found["inside"] or ""))):
        key, _, value = (side.strip() for side in assignment.partition("="))
        if not (key and value):
            raise WrongValueError(f"'{assignment}' in '{whole}' needs a value, as in name[key=value]")
        settings.append((key, value))
    return Part(found["name"], tuple(settings))


def write(name: str, settings: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> str:
    """A name with its settings in brackets; just the name where there are no settings.

    >>> write("bridges-fixed", {"epochs": 20}), write("lsq")
    ('bridges-fixed[epochs=20]', 'lsq')
    """
    pairs = settings.items() if isinstance(settings, Mapping) else settings
    inside = ",".join(f"{key}={short(value)}" for key, value in pairs)
    return f"{name}[{inside}]" if inside else name


def short(value: object) -> str:
    """A value as text in a label; floats have at most twelve significant digits."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def bare(text: str) -> str:
    """A name without its brackets.

    >>> bare("smoke[data=house.csv,epochs=3]")
    'smoke'
    """
    return text.partition("[")[0]


def underscored(name: str) -> str:
    """A name of a method or a key with underscores for dashes."""
    return name.strip().replace("-", "_")


def label(method: str, hparams: Mapping[str, Any], static: Mapping[str, Any]) -> str:
    """The label of a method's, baseline's or part's variant: settings that differ from the defaults, in brackets.

    Of a row that is not in the catalog, as one that was imported, it has all settings.

    >>> label("soft_binning", {"lambda_sigma": 1.0}, {}), label("soft_binning", {"lambda_sigma": 0.5}, {})
    ('soft_binning[lambda_sigma=1]', 'soft_binning')
    """
    if method not in catalog.rows() and not catalog.kind_of_part(method):
        return write(method, sorted({**hparams, **static}.items()))
    known = catalog.part(method) if catalog.kind_of_part(method) else catalog.row(method)
    changed = {key: value for key, value in {**hparams, **static}.items() if value != known.settings.get(key)}
    return write(method, sorted(changed.items()))


def of_job(job: Job, hparams: Mapping[str, Any] | None = None) -> str:
    """The label of a job's row: of its method, and of what is added to it; `hparams` replace those of the method."""
    return with_parts(label(job.method, dict(job.hparams) if hparams is None else hparams, dict(job.static)), job.parts)


def on_backbone(variant: str, backbone: str) -> str:
    """The label of a row that is told from others by its network.

    >>> on_backbone("soft_binning[lambda_sigma=1]+rot", "mlp_narrow")
    'soft_binning[backbone=mlp_narrow,lambda_sigma=1]+rot'
    """
    method, *parts = read(variant)
    settings = sorted([*method.settings, (BACKBONE, backbone)])
    return "+".join(map(str, [Part(method.name, tuple(settings)), *parts]))


def with_parts(method: str, parts: Iterable[Added]) -> str:
    """The label of a method with the labels of its parts: `lsq+multi_target[m=4]+rot`."""
    return "+".join([method, *(label(part.name, dict(part.hparams), dict(part.static)) for part in parts)])


def parse(text: str) -> Wanted:
    """A variant from its name; order of settings and default values do not matter. `UsageError` if it is wrong.

    >>> parse("soft-binning[lambda-sigma=1.0,k=5]")
    Wanted(method='soft_binning', label='soft_binning[lambda_sigma=1]', k=5)
    """
    labels: list[str] = []
    k = None
    try:
        parts = read(text)
    except WrongValueError as error:
        raise UsageError(str(error)) from None
    for part in parts:
        given = {underscored(key): value for key, value in part.settings}
        if "k" in given:
            k = _whole(given.pop("k"), text)
        if BACKBONE in given:
            given[BACKBONE] = underscored(given[BACKBONE])
        labels.append(_label(underscored(part.name), {key: value(text) for key, text in given.items()}))
    added = sorted(labels[1:], key=lambda one: catalog.place_of_part(bare(one)))
    return Wanted(underscored(parts[0].name), "+".join([*labels[:1], *added]), k)


def settings(variant: str) -> dict[str, object]:
    """The settings of the method in a label, with numbers as floats.

    >>> settings("end2end[alpha=-0.1,targets=uniform]"), settings("lsq+rot[gamma=1]")
    ({'alpha': -0.1, 'targets': 'uniform'}, {})
    """
    return {key: value(text) for key, text in read(variant)[0].settings}


def without(variant: str, setting: str) -> str:
    """A label without one setting, for tables that show it in a column of its own.

    >>> without("soft_binning[alpha=2,lambda_sigma=1]", "lambda_sigma")
    'soft_binning[alpha=2]'
    """
    parts = (Part(part.name, tuple(pair for pair in part.settings if pair[0] != setting)) for part in read(variant))
    return "+".join(map(str, parts))


def value(text: str) -> bool | float | str:
    """The value of a text of unknown type: true or false, a number, or else the text itself."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text)
    except ValueError:
        return text


def typed(name: str, value: Any, default: Any, *place: str) -> Any:
    """A setting in the type of its default, from text or YAML; `WrongValueError` at that place if it has another type.

    >>> typed("lambda_sigma", "1", 0.5), typed("width", "64", 128), typed("bias", "no", True)
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
            return _finite(name, value, *place)
        case _:
            return text


def within(name: str, number: float, bounds: Mapping[str, Any], *place: str | int) -> float:
    """The number itself if it is within the bounds of its hyper-parameter; else `WrongValueError` at that place."""
    least, above, below = (bounds.get(bound) for bound in ("least", "above", "below"))
    wrong = (
        (least is not None and number < least)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    )
    if wrong:
        raise WrongValueError(f"{name} must {_allowed(least, above, below)}, not {number:g}", *place)
    return number


def _allowed(least: float | None, above: float | None, below: float | None) -> str:
    """The allowed range in words.

    >>> _allowed(0, None, 1), _allowed(None, 0, None), _allowed(0, None, None), _allowed(None, None, 1)
    ('be from 0 to below 1', 'be greater than 0', 'not be negative', 'be less than 1')
    """
    if least == 0 and below is None:
        return "not be negative"
    lowest = f"from {least:g}" if least is not None else f"greater than {above:g}" if above is not None else ""
    highest = "" if below is None else f"to below {below:g}" if lowest else f"less than {below:g}"
    return " ".join(["be", *filter(None, (lowest, highest)), *(["on"] if least is not None and below is None else [])])


def _finite(name: str, value: Any, *place: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise WrongValueError(f"{name} must be a finite number, not {value!r}", *place)
    return number


def _whole(k: str, text: str) -> int:
    if not k.isdigit():
        raise UsageError(f"'{text}': k must be a whole number, not '{k}'")
    return int(k)


def _label(method: str, given: Mapping[str, Any]) -> str:
    return label(method, given, {})
