"""What may stand under the name of a benchmark, checked by pydantic."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from regbench import catalog
from regbench.config import commands
from regbench.config.amounts import LARGEST_SEED, MOST_BINS, MOST_SEEDS
from regbench.config.marks import Marked
from regbench.config.methods import Variant, read_backbones, read_method, read_setting
from regbench.config.names import at, resolve
from regbench.config.protocol import FOREIGN, ProtocolSpec, explain
from regbench.config.sweep import Choose, Stage, read_choose, read_stages
from regbench.config.tables import placed, read_dataset
from regbench.errors import WrongValueError, did_you_mean

MOST_LAYERS, MOST_UNITS = 1_000, 100_000  # of a backbone


def _listed(kind: str = "") -> Callable[[Any], Any]:
    """A validator that reads a single value as a list of one and, for names, `all` as every name of the kind."""

    def read(value: Any) -> Any:
        if kind and value == "all":
            return catalog.names(kind)
        return value if isinstance(value, list) else [value]

    return read


def _k(value: Any) -> int:
    if type(value) is not int:
        raise WrongValueError(f"must be a whole number of bins, not {value!r}")
    if value < 2:
        raise WrongValueError(f"k = {value}: a number of bins must be 2 or more")
    if value > MOST_BINS:
        raise WrongValueError(f"a number of bins must be at most {MOST_BINS:,}")
    return value


def _seeds(value: Any) -> list[int]:
    """A count or a list as the list of seeds."""
    if type(value) is int:
        if value < 1:
            raise WrongValueError(f"must be at least 1 seed, not {value}")
        if value > MOST_SEEDS:
            raise WrongValueError(f"must be at most {MOST_SEEDS:,} seeds")
        return list(range(value))
    if not isinstance(value, list):
        raise WrongValueError(f"must be a count or a list of seeds, not {value!r}")
    for position, seed in enumerate(value):
        if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
            raise WrongValueError(f"a seed must be a whole number from 0 on, not {seed!r}", position)
    return value


def _backbones(value: Any) -> dict[str, dict[str, Any]]:
    """Settings by the name of a backbone: its options, dropout and weight decay."""
    if not isinstance(value, dict):
        raise WrongValueError(f"must be settings by name, such as {{mlp: {{width: 256}}}}, not {value!r}")
    read: dict[str, dict[str, Any]] = {}
    for name, settings in value.items():
        with at(str(name)):
            known = catalog.entry("backbones", resolve("backbones", str(name)))
        if not isinstance(settings, dict):
            raise WrongValueError(f"must be settings such as {{width: 256}}, not {settings!r}", str(name))
        defaults = {**known.arguments.get("options", {}), **known.hparams}
        for key in settings:
            if key not in defaults:
                raise WrongValueError(
                    f"no setting of {name} is called '{key}'{did_you_mean(str(key), defaults)}", str(name), key
                )
        read[known.name] = {key: _backbone(known, key, given, str(name)) for key, given in settings.items()}
    return read


def _backbone(known: catalog.Entry, key: str, given: Any, name: str) -> Any:
    """One setting of a backbone; whole numbers are counts of layers and units, so at least 1."""
    value = read_setting(known, key, given, name, key)
    if type(value) is int and value < 1:
        raise WrongValueError(f"{key} must be at least 1, not {given!r}", name, key)
    most = MOST_LAYERS if key == "layers" else MOST_UNITS
    if type(value) is int and value > most:
        raise WrongValueError(f"{key} must be at most {most:,}", name, key)
    return value


class Spec(BaseModel):
    """One entry of benchmarks.yaml; fields left out come from the benchmark that it extends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    extends: str | None = None
    datasets: Annotated[
        list[Annotated[Any, BeforeValidator(read_dataset)]], BeforeValidator(_listed("datasets"))
    ] = []  # names, tables of the user's own and suites (Listed)
    methods: Annotated[
        list[Annotated[tuple[Variant, ...], BeforeValidator(read_method)]], BeforeValidator(_listed("methods"))
    ] = []
    k: Annotated[list[Annotated[int, BeforeValidator(_k)]], BeforeValidator(_listed())] = []
    seeds: Annotated[list[int], BeforeValidator(_seeds)] = [0, 1, 2, 3, 4]
    protocol: ProtocolSpec = ProtocolSpec()
    # Of every row, and where there are several, each row once on each; without it, each dataset has its own.
    backbone: Annotated[tuple[str, ...], BeforeValidator(read_backbones)] = ()
    backbones: Annotated[dict[str, dict[str, Any]], BeforeValidator(_backbones)] = {}  # settings by name
    sweep: Annotated[tuple[Stage, ...], BeforeValidator(read_stages)] = ()
    choose: Annotated[Choose | None, BeforeValidator(read_choose)] = None
    # Programs of the user, which `config.commands` reads: they are rows too.
    kind: Any = None
    command: Any = None
    commands: Any = None
    inputs: Any = None
    gpus: Any = None
    time_limit: Any = None
    shell: Any = None
    better: Literal["low", "high"] | None = None  # of a deciding metric that is none of ours
    also: Annotated[list[str], BeforeValidator(_listed())] = []  # benchmarks whose jobs belong to this one too

    @property
    def variants(self) -> list[Variant]:
        """Every row of the table."""
        return [variant for entry in self.methods for variant in entry]


def read_spec(marked: Marked, name: str) -> Spec:
    """One entry of the file, checked; `UsageError` with file, line, entry and nearest name."""
    given = marked.data[name]
    if not isinstance(given, dict):
        raise marked.wrong(f"must be a benchmark's fields ({', '.join(Spec.model_fields)}), not {given!r}", name)
    rows = commands.rows(marked, name)
    foreign = given.get(commands.KIND) == commands.ONE or (bool(rows) and "methods" not in given)
    if rows:
        listed = given.get("methods", [])
        given = {**given, "methods": [*(listed if isinstance(listed, list) else [listed]), *rows]}
    if foreign and "datasets" not in given and "extends" not in given:
        given = {**given, "datasets": [name]}
    try:
        spec = Spec.model_validate(given, context={FOREIGN: foreign})
    except ValidationError as error:
        message, place = explain(error.errors()[0], Spec)
        raise marked.wrong(message, name, *place) from None
    for field in ("datasets", "methods", "k", "seeds", "also"):
        if field in spec.model_fields_set:
            _refuse_empty_and_double(marked, name, field, getattr(spec, field))
    if foreign:
        commands.check_better(marked, name, spec.protocol.decide, spec.better)
    if not all(isinstance(dataset, str) for dataset in spec.datasets):
        return spec.model_copy(update={"datasets": placed(spec.datasets, marked, name)})
    return spec


def _refuse_empty_and_double(marked: Marked, name: str, field: str, values: list[Any]) -> None:
    if not values:
        raise marked.wrong("is empty, so there is nothing to run", name, field)
    seen: dict[Any, int] = {}
    for position, value in enumerate(values):
        for item in value if isinstance(value, tuple) else [value]:
            if item in seen:
                label = item.label if isinstance(item, Variant) else item
                raise marked.wrong(f"{label} is already there, as {field}[{seen[item]}]", name, field, position)
            seen[item] = position
