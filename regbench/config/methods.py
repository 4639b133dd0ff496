"""Entries of `methods`: a string such as `soft_binning[lambda_sigma=0.5]`, or one name and its settings as YAML."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regbench import catalog, kinds, variants
from regbench.config.amounts import LARGEST
from regbench.config.names import at, resolve, resolve_part, resolve_row
from regbench.errors import UsageError, WrongValueError, did_you_mean
from regbench.job import Pairs, Part, pairs

MOST_VARIANTS = 1_000
LONGEST = 40  # digits of a whole number


@dataclass(frozen=True)
class Variant:
    """A method or baseline with all its hyper-parameters and static choices, and the parts added to it."""

    method: str
    hparams: Pairs
    static: Pairs
    fixed: frozenset[str] = field(default=frozenset(), compare=False)  # settings written out, even the default
    parts: tuple[Part, ...] = ()
    backbone: str | None = None  # where the row names its network; without it, the benchmark's or the dataset's

    @property
    def label(self) -> str:
        """Its name everywhere: the settings that differ from the defaults in brackets."""
        method = variants.label(self.method, dict(self.hparams), dict(self.static))
        label = variants.with_parts(method, self.parts)
        return variants.on_backbone(label, self.backbone) if self.backbone else label

    @property
    def is_ours(self) -> bool:
        """Whether it is trained here, rather than by a program of the user."""
        return kinds.is_ours(self.method)

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
            return _composed([(part.name, part.values(), ()) for part in variants.read(value)])
        case dict() if len(value) == 1:
            [(name, settings)] = value.items()
        case _:
            raise WrongValueError("must be a method such as soft_binning[lambda_sigma=1], or one name and its settings")
    if not isinstance(settings, Mapping | None):
        raise WrongValueError(f"must be settings such as {{lambda_sigma: 1}}, not {settings!r}", str(name))
    *before, last = variants.read(str(name))
    if last.settings and settings:
        raise WrongValueError(f"{last.name} has settings in its name and below it; write them in one place", str(name))
    pieces: list[Piece] = [(part.name, part.values(), ()) for part in before]
    return _composed([*pieces, (last.name, last.values() or settings or {}, (str(name),))])


# A name, its settings, and the place of the settings in the file.
Piece = tuple[str, Mapping[str, Any], tuple[str, ...]]


def _composed(pieces: Sequence[Piece]) -> tuple[Variant, ...]:
    """Every combination of the settings of a method and of its parts; settings in a mapping belong to the last name."""
    (name, settings, inside), *added = pieces
    with at():
        method = resolve_row(name)
        names = [resolve_part(piece[0]) for piece in added]
    if added and catalog.kind_of_row(method) != "methods":
        raise WrongValueError(f"nothing can be added to {method}, which is not trained here", *inside)
    if repeated := next((one for one in names if names.count(one) > 1), None):
        raise WrongValueError(f"{repeated} is added twice", *inside)
    networks, settings = _networks(method, settings, inside)
    weighing = next((one for one in names if "weigh" in catalog.part(one).given), None)
    if weighing and catalog.row(method).arguments.get("per_batch"):
        raise WrongValueError(f"{weighing} weights rows, and {method} has one loss for all rows of a batch", *inside)
    of_method = _grid(method, catalog.row(method), settings, inside)
    of_parts = [_grid(one, catalog.part(one), piece[1], piece[2]) for one, piece in zip(names, added, strict=True)]
    axes: list[list[Any]] = [of_method, networks, *of_parts]
    if (most := math.prod(map(len, axes))) > MOST_VARIANTS:
        raise WrongValueError(f"means {most:,} variants, and an entry has at most {MOST_VARIANTS:,}", *inside)
    found = [_variant(first, network, others) for first, network, *others in itertools.product(*axes)]
    if repeated := next((variant for variant in found if found.count(variant) > 1), None):
        raise WrongValueError(f"{repeated.label} is named twice", *inside)
    return tuple(found)


def _networks(
    method: str, settings: Mapping[str, Any], inside: tuple[str, ...]
) -> tuple[list[str | None], dict[str, Any]]:
    """The backbones among a method's settings, and the settings without them."""
    rest = {str(key): given for key, given in settings.items()}
    if variants.BACKBONE not in rest:
        return [None], rest
    given = rest.pop(variants.BACKBONE)
    place = (*inside, variants.BACKBONE) if inside else ()
    if catalog.kind_of_row(method) != "methods":
        raise WrongValueError(f"{method} has no backbone, because it is not trained here", *place)
    return list(read_backbones(given, *place)), rest


def read_backbones(given: Any, *place: str) -> tuple[str, ...]:
    """The names of one backbone or of several, each once."""
    names = given if isinstance(given, list) else [given]
    if not names or not all(isinstance(name, str) for name in names):
        raise WrongValueError(f"must be the name of a backbone, or a list of names, not {given!r}", *place)
    with at(*place):
        found = tuple(resolve("backbones", name) for name in names)
    if repeated := next((name for name in found if found.count(name) > 1), None):
        raise WrongValueError(f"{repeated} is named twice", *place)
    return found


def _variant(method: "_Set", backbone: str | None, parts: Sequence["_Set"]) -> Variant:
    ordered = sorted(parts, key=lambda part: catalog.place_of_part(part.name))
    fixed = {*method.fixed, *(f"{part.name}.{key}" for part in parts for key in part.fixed)}
    added = tuple(Part(part.name, part.hparams, part.static) for part in ordered)
    return Variant(method.name, method.hparams, method.static, frozenset(fixed), added, backbone)


@dataclass(frozen=True)
class _Set:
    """A method or part with one value for each of its settings."""

    name: str
    hparams: Pairs
    static: Pairs
    fixed: frozenset[str]


def _grid(name: str, known: catalog.Entry, settings: Mapping[str, Any], inside: tuple[str, ...]) -> list[_Set]:
    hparams: dict[str, Any] = dict(known.hparams)
    static: dict[str, Any] = dict(known.static)
    axes: list[list[tuple[str, Any]]] = []
    for key, given in settings.items():
        setting = str(key).replace("-", "_")
        place = (*inside, str(key)) if inside else ()
        if setting not in hparams and setting not in static:
            rest = did_you_mean(str(key), [*hparams, *static]) or "; it has none"
            raise WrongValueError(f"{name} has no hyper-parameter called '{key}'{rest}", *place)
        values = given if isinstance(given, list) else [given]
        if not values:
            raise WrongValueError(f"'{key}' has no value, so there is nothing to run", *place)
        axes.append([(setting, read_setting(known, setting, value, *place)) for value in values])
    if (most := math.prod(map(len, axes))) > MOST_VARIANTS:
        raise WrongValueError(f"means {most:,} variants, and an entry has at most {MOST_VARIANTS:,}", *inside)
    return [
        _Set(
            name,
            hparams=pairs({key: chosen.get(key, default) for key, default in hparams.items()}),
            static=pairs({key: chosen.get(key, default) for key, default in static.items()}),
            fixed=frozenset(chosen),
        )
        for chosen in map(dict, itertools.product(*axes))
    ]


def read_setting(known: catalog.Entry, name: str, value: Any, *place: str) -> Any:
    """A hyper-parameter or static choice in the type of its default, within its bounds."""
    usual = {**known.arguments.get("options", {}), **known.settings}
    if isinstance(value, str) and len(value.strip()) > LONGEST and value.strip().isdigit():
        raise WrongValueError(f"{name} has more than {LONGEST} digits", *place)  # Python reads no more than 4300
    given = variants.typed(name, value, usual[name], *place)
    check_size(name, given, *place)
    return variants.within(name, given, known.bounds[name], *place) if name in known.bounds else given


def check_size(name: str, given: Any, *place: str | int) -> None:
    """Refuse a number so large that training with it means nothing."""
    if isinstance(given, int | float) and abs(given) > LARGEST:
        raise WrongValueError(f"{name} must be from -{LARGEST:g} to {LARGEST:g}, not {str(given)[:40]}", *place)
