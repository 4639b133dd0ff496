"""Choice of hyper-parameters: what a sweep tries, stage by stage, and from which sweeps a benchmark chooses.

A swept field is a float of the protocol, its optimiser, or a hyper-parameter of a method or of a part (`rot.gamma`). It
applies to every row that has it and does not fix it: `soft_binning[lambda_sigma=1]` keeps its width in every sweep.
"""

import hashlib
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from regbench import catalog, metrics, variants
from regbench.config.amounts import LARGEST_SEED
from regbench.config.methods import check_size
from regbench.config.protocol import read_field
from regbench.errors import WrongValueError, did_you_mean
from regbench.job import DECIDE, Job, Part, pairs

Value = float | str
Values = dict[str, Value]

OF_PROTOCOL = ("learning_rate", "weight_decay", "dropout", "clip", "encoder_weight_decay", "optimizer")
SETTINGS = ("extend", "extend_limit", "sample", "draw")
MOST_DRAWS = 10_000  # of a random search
MOST_EXTENSIONS = 100  # in each direction
DIGITS = 12  # significant digits of computed values: the same on every machine, and short enough to read


@dataclass(frozen=True)
class Range:
    """Values between two bounds, drawn evenly on a logarithmic scale."""

    low: float
    high: float


@dataclass(frozen=True)
class Stage:
    """What is tried together: every combination of the values, or `sample` random draws."""

    axes: Mapping[str, tuple[Value, ...] | Range]
    extend: tuple[str, ...] = ()  # fields continued geometrically while the optimum lies on an edge
    extend_limit: int = 6  # most further values in each direction
    sample: int | None = None
    draw: int = 0  # seed of the draws

    def of(self, method: str, fixed: Collection[str], parts: Iterable[Part] = ()) -> "Stage | None":
        """The part of the stage that applies to one row; None where there is none."""
        if method not in catalog.names("methods"):  # reference models have none of these fields
            return None
        of_parts = (f"{part.name}.{name}" for part in parts for name, _ in part.hparams)
        has = {*OF_PROTOCOL, *catalog.entry("methods", method).hparams, *of_parts} - set(fixed)
        axes = {name: axis for name, axis in self.axes.items() if name in has}
        return replace(self, axes=axes, extend=tuple(name for name in self.extend if name in axes)) if axes else None

    def around(self, centre: Mapping[str, Value]) -> Iterator[Values]:
        """Every configuration of the stage in the order of the file; other fields keep the values of `centre`."""
        if self.sample is None:
            for values in itertools.product(*(axis for axis in self.axes.values() if isinstance(axis, tuple))):
                yield {**centre, **dict(zip(self.axes, values, strict=True))}
        else:
            yield from itertools.islice(self._draws(centre), self.sample)

    @property
    def size(self) -> int:
        """The number of configurations."""
        return self.sample or math.prod(len(axis) for axis in self.axes.values() if isinstance(axis, tuple))

    def _draws(self, centre: Mapping[str, Value]) -> Iterator[Values]:
        """The centre, then draws without repetition, until every combination was drawn where all axes are lists."""
        lists = [axis for axis in self.axes.values() if isinstance(axis, tuple)]
        possible = math.prod(map(len, lists)) if len(lists) == len(self.axes) else math.inf
        inside = all(centre[name] in axis for name, axis in self.axes.items() if isinstance(axis, tuple))
        seen = [dict(centre)]
        yield dict(centre)
        for number in itertools.count(1):
            if len(seen) - (not inside) >= possible:
                return
            values = {**centre, **{name: self._drawn(name, axis, number) for name, axis in self.axes.items()}}
            if values not in seen:
                seen.append(values)
                yield values

    def _drawn(self, name: str, axis: tuple[Value, ...] | Range, number: int) -> Value:
        """The value of one draw. It depends only on seed, number and field, so that methods are paired."""
        digest = hashlib.sha256(f"{self.draw}/{number}/{name}".encode()).digest()
        fraction = int.from_bytes(digest[:6], "big") / 2**48  # in [0, 1), exact in a float
        if isinstance(axis, tuple):
            return axis[int(fraction * len(axis))]
        return rounded(axis.low * (axis.high / axis.low) ** fraction)

    def config(self) -> dict[str, Any]:
        """The stage as plain data: fields as pairs, because their order counts, and no settings with default values."""
        usual = Stage({})
        said = {name: getattr(self, name) for name in SETTINGS if getattr(self, name) != getattr(usual, name)}
        axes = [[name, asdict(axis) if isinstance(axis, Range) else list(axis)] for name, axis in self.axes.items()]
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
        return {"axes": axes, **plain}


@dataclass(frozen=True)
class Choose:
    """The sweeps that give a benchmark the values of its rows, and the validation metric that decides."""

    sources: tuple[str, ...]
    by: str = DECIDE


def rounded(number: float) -> float:
    """A computed value rounded to `DIGITS` digits.

    >>> rounded(1.46779926762**2 / 0.681292069058)
    3.16227766016
    """
    return float(f"{number:.{DIGITS}g}")


def with_values(job: Job, values: Mapping[str, Value]) -> Job:
    """A job with other values of its protocol, its method and its parts."""
    protocol = {name: value for name, value in values.items() if name in OF_PROTOCOL}
    own = {name: value for name, value in values.items() if name not in OF_PROTOCOL and "." not in name}
    parts = tuple(
        replace(part, hparams=pairs({name: values.get(f"{part.name}.{name}", value) for name, value in part.hparams}))
        for part in job.parts
    )
    hparams = pairs({**dict(job.hparams), **own})
    return replace(job, protocol=replace(job.protocol, **protocol), hparams=hparams, parts=parts)


def fields_of(job: Job) -> Values:
    """Everything of a job that can be swept, by name."""
    of_parts = {f"{part.name}.{name}": value for part in job.parts for name, value in part.hparams}
    return {**{name: getattr(job.protocol, name) for name in OF_PROTOCOL}, **dict(job.hparams), **of_parts}


def values_of(job: Job, names: Collection[str]) -> Values:
    """The job's values of some fields."""
    known = fields_of(job)
    return {name: known[name] for name in names}


def read_stages(value: Any) -> tuple[Stage, ...]:
    """The stages of a sweep, checked."""
    if not isinstance(value, list):
        raise WrongValueError(f"must be a list of stages such as [{{learning_rate: [1e-3, 1e-2]}}], not {value!r}")
    if not value:
        raise WrongValueError("is empty, so there is nothing to try")
    return tuple(_stage(stage, position) for position, stage in enumerate(value))


def read_choose(value: Any) -> Choose:
    """The field `choose` of a benchmark, checked."""
    if not isinstance(value, dict) or "from" not in value:
        raise WrongValueError(f"must say from which sweep, such as {{from: my-sweep, by: val/rmse}}, not {value!r}")
    if wrong := next((name for name in value if name not in ("from", "by")), None):
        raise WrongValueError(f"no field called '{wrong}'{did_you_mean(str(wrong), ('from', 'by'))}", str(wrong))
    sources = value["from"] if isinstance(value["from"], list) else [value["from"]]
    if not sources:
        raise WrongValueError("is empty, so there is nothing to choose from", "from")
    for position, name in enumerate(sources):
        if not isinstance(name, str):
            raise WrongValueError(f"must be the name of a sweep, not {name!r}", "from", position)
        if name in sources[:position]:
            raise WrongValueError(f"{name} is already there", "from", position)
    by = value.get("by", DECIDE)
    if by not in (known := metrics.choosing()):
        raise WrongValueError(f"no validation metric called '{by}'{did_you_mean(str(by), known)}", "by")
    return Choose(tuple(sources), by)


def _stage(given: Any, *place: str | int) -> Stage:
    if not isinstance(given, dict):
        raise WrongValueError(
            f"must be fields and the values to try, such as {{learning_rate: [1e-3, 1e-2]}}, not {given!r}", *place
        )
    sample = _count(given, "sample", 2, MOST_DRAWS, *place)
    if sample is None and "draw" in given:
        raise WrongValueError("draw is the seed of a random search, which needs `sample: 20`", *place, "draw")
    axes = {
        _known(str(name), *place): _axis(str(name), values, sample is not None, *place, str(name))
        for name, values in given.items()
        if name not in SETTINGS
    }
    if not axes:
        raise WrongValueError("names no field to try values of, such as learning_rate", *place)
    extend = _extended(given, axes, *place)
    if not extend and "extend_limit" in given:
        raise WrongValueError("extend_limit belongs to `extend: [FIELD]`", *place, "extend_limit")
    limit = _count(given, "extend_limit", 1, MOST_EXTENSIONS, *place)
    draw = _count(given, "draw", 0, LARGEST_SEED, *place)
    return Stage(axes, extend, Stage.extend_limit if limit is None else limit, sample, draw or 0)


def _known(name: str, *place: str | int) -> str:
    wanted = name.replace("-", "_")
    known = [*OF_PROTOCOL, *sorted(_bounds())]
    if wanted not in known:
        raise WrongValueError(
            f"nothing called '{name}' can be swept{did_you_mean(wanted, [*known, *SETTINGS])}", *place, name
        )
    return wanted


def _bounds() -> dict[str, list[Mapping[str, Any]]]:
    """The hyper-parameters of all methods and parts, the latter as `rot.gamma`, each with what is allowed."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for method in catalog.names("methods"):
        entry = catalog.entry("methods", method)
        for name in entry.hparams:
            found.setdefault(name, []).append(entry.bounds.get(name, {}))
    for part in catalog.parts():
        entry = catalog.part(part)
        found |= {f"{part}.{name}": [entry.bounds.get(name, {})] for name in entry.hparams}
    return found


def _axis(name: str, given: Any, sampled: bool, *place: str | int) -> tuple[Value, ...] | Range:
    wanted = name.replace("-", "_")
    if isinstance(given, dict):
        return _range(wanted, given, sampled, *place)
    if not isinstance(given, list):
        raise WrongValueError(f"must be a list of the values to try, not {given!r}", *place)
    if not given:
        raise WrongValueError("is empty, so there is nothing to try", *place)
    values: list[Value] = []
    for position, item in enumerate(given):
        value = _value(wanted, item, *place, position)
        if value in values:
            raise WrongValueError(f"{item} is already there, as {name}[{values.index(value)}]", *place, position)
        values.append(value)
    return tuple(values)


def _range(name: str, given: dict[Any, Any], sampled: bool, *place: str | int) -> Range:
    if not sampled:
        raise WrongValueError("a range needs random search, such as `sample: 20`; a grid has a list of values", *place)
    if set(given) != {"low", "high"}:
        raise WrongValueError(f"must be {{low: 1e-4, high: 1e-2}} or a list of values, not {given!r}", *place)
    if name == "optimizer":
        raise WrongValueError("must be a list of optimizers, such as [adam, adamw]", *place)
    low, high = (float(_value(name, given[end], *place, end)) for end in ("low", "high"))
    if not 0 < low < high:
        raise WrongValueError(f"must be above 0 and low below high, not {low:g} and {high:g}", *place)
    return Range(low, high)


def _value(name: str, given: Any, *place: str | int) -> Value:
    if name in OF_PROTOCOL:
        return read_field(name, given, *place)
    try:
        number = variants.typed(name, given, 0.0)
        check_size(name, number)
        for bounds in _bounds()[name]:
            variants.within(name, number, bounds)
    except WrongValueError as error:
        raise WrongValueError(str(error), *place) from None
    return number


def _extended(given: dict[Any, Any], axes: Mapping[str, Any], *place: str | int) -> tuple[str, ...]:
    names = given.get("extend", [])
    names = [str(field).replace("-", "_") for field in (names if isinstance(names, list) else [names])]
    for position, name in enumerate(names):
        where = (*place, "extend", position)
        if name not in axes:
            raise WrongValueError(f"no field of this stage is called '{name}'{did_you_mean(name, axes)}", *where)
        axis = axes[name]
        if isinstance(axis, Range) or len(axis) < 2 or not all(isinstance(x, float) and x > 0 for x in axis):
            raise WrongValueError(f"{name} needs two or more values above 0 to be extended geometrically", *where)
        if name == "dropout":
            raise WrongValueError("dropout ends at 1, so it cannot be extended geometrically", *where)
        if name in names[:position]:
            raise WrongValueError(f"{name} is already there", *where)
    if names and "sample" in given:
        raise WrongValueError("a random search has no edges to extend", *place, "extend")
    return tuple(names)


def _count(given: Mapping[Any, Any], name: str, least: int, most: int, *place: str | int) -> int | None:
    number = given.get(name)
    if number is None and name not in given:
        return None
    if type(number) is not int or not least <= number <= most:
        raise WrongValueError(f"must be a whole number from {least} to {most:,}, not {number!r}", *place, name)
    return number
