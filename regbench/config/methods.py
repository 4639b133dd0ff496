"""Entries of `methods`: a string such as `soft_binning[lambda_sigma=0.5]`, or one name and its settings as YAML."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regbench import catalog, kinds, variants
from regbench.config.amounts import LARGEST
from regbench.config.names import resolve_row
from regbench.errors import UsageError, WrongValueError, did_you_mean
from regbench.job import Pairs, pairs

MOST_VARIANTS = 1_000
LONGEST = 40  # digits of a whole number


@dataclass(frozen=True)
class Variant:
    """A method or baseline with all its hyper-parameters and static choices."""

    method: str
    hparams: Pairs
    static: Pairs
    fixed: frozenset[str] = field(default=frozenset(), compare=False)  # settings written out, even the default

    @property
    def label(self) -> str:
        """Its name everywhere: the settings that differ from the defaults in brackets."""
        return variants.label(self.method, dict(self.hparams), dict(self.static))

    @property
    def uses_k(self) -> bool:
        """Whether it depends on the number of bins."""
        return kinds.uses_k(self.method)

    @property
    def uses_seed(self) -> bool:
        """Whether it depends on the seed when the split is fixed."""
        return kinds.uses_seed(self.method)

    @property
    def reads_images(self) -> bool:
        """Whether it accepts images."""
        return kinds.reads_images(self.method)


def parse_variant(text: str) -> Variant:
    """The one variant that a string names, as on the command line; `UsageError` where it is wrong or means several."""
    try:
        first, *others = read_method(text)
    except WrongValueError as error:
        raise UsageError(str(error)) from None
    if others:
        raise UsageError(f"'{text}' means {1 + len(others)} variants and one is needed here")
    return first


def read_method(value: Any) -> tuple[Variant, ...]:
    """The variants of one entry: a string, or a mapping from one name to its settings, where a list is a grid.

    >>> [variant.label for variant in read_method("soft_binning[lambda_sigma=0.5,lambda_sigma=1]")]
    ['soft_binning', 'soft_binning[lambda_sigma=1]']
    >>> [variant.label for variant in read_method({"soft_binning": {"lambda_sigma": [1, 2]}})]
    ['soft_binning[lambda_sigma=1]', 'soft_binning[lambda_sigma=2]']
    """
    match value:
        case Variant():
            return (value,)
        case str():
            part = _alone(value)
            return _grid(_method(part.name), part.values(), ())
        case dict() if len(value) == 1:
            [(name, settings)] = value.items()
        case _:
            raise WrongValueError("must be a method such as soft_binning[lambda_sigma=1], or one name and its settings")
    method = _method(_alone(str(name)).name)
    if not isinstance(settings, Mapping | None):
        raise WrongValueError(f"must be settings such as {{lambda_sigma: 1}}, not {settings!r}", str(name))
    return _grid(method, settings or {}, (str(name),))


def _alone(text: str) -> variants.Part:
    """The method that a string names; `+part` is refused, because there are no regularizers or wrappers yet."""
    method, *added = variants.read(text)
    if added:
        raise WrongValueError(
            f"no '{added[0].name}' to add to {method.name}: there are no regularizers and wrappers yet"
        )
    return method


def _method(name: str) -> str:
    try:
        return resolve_row(name)
    except UsageError as error:
        raise WrongValueError(str(error)) from None


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
        axes.append([(name, read_setting(known, name, value, *place)) for value in values])
    if (most := math.prod(map(len, axes))) > MOST_VARIANTS:
        raise WrongValueError(f"means {most:,} variants, and an entry has at most {MOST_VARIANTS:,}", *inside)
    found = [
        Variant(
            method,
            hparams=pairs({name: chosen.get(name, default) for name, default in hparams.items()}),
            static=pairs({name: chosen.get(name, default) for name, default in static.items()}),
            fixed=frozenset(chosen),
        )
        for chosen in map(dict, itertools.product(*axes))
    ]
    if repeated := next((variant for variant in found if found.count(variant) > 1), None):
        raise WrongValueError(f"{repeated.label} is named twice", *inside)
    return tuple(found)


def read_setting(known: catalog.Entry, name: str, value: Any, *place: str) -> Any:
    """A hyper-parameter or static choice in the type of its default, within its bounds."""
    usual = {**known.arguments.get("static", {}), **known.arguments.get("options", {}), **known.hparams}
    if isinstance(value, str) and len(value.strip()) > LONGEST and value.strip().isdigit():
        raise WrongValueError(f"{name} has more than {LONGEST} digits", *place)  # Python reads no more than 4300
    given = variants.typed(name, value, usual[name], *place)
    check_size(name, given, *place)
    return variants.within(name, given, known.bounds[name], *place) if name in known.bounds else given


def check_size(name: str, given: Any, *place: str | int) -> None:
    """Refuse a number so large that training with it means nothing."""
    if isinstance(given, int | float) and abs(given) > LARGEST:
        raise WrongValueError(f"{name} must be from -{LARGEST:g} to {LARGEST:g}, not {str(given)[:40]}", *place)
