"""Protocol fields from a file or the command line, and our own error messages for wrong ones."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from regbench import metrics
from regbench.config.amounts import LARGEST, MOST_EPOCHS
from regbench.errors import UsageError, WrongValueError, did_you_mean
from regbench.job import SPLITS, folds_of

Whole = Annotated[int, Field(strict=True, ge=1, le=MOST_EPOCHS)]  # epochs, and rows of a batch
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False, le=LARGEST)]
FEWEST_FOLDS, MOST_FOLDS = 3, 100  # one tests, one validates, one at least trains
FOREIGN = "foreign"  # key of the context in which an entry is read: whether its rows are programs of the user
THEIRS = re.compile(r"val/[a-z0-9_.\-]{1,60}")  # the name of a metric of theirs
MOST_LISTED = 1000  # epochs in a list
MOST_KEPT = 20  # epochs whose features are kept: 8 MB for 100 features


def _epochs(value: Any) -> Any:
    """Epochs as a tuple: from a number, a list, or a range such as `1-10`, in their order, each once."""
    found: list[Any] = []
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, str) and (ends := re.fullmatch(r"\s*(\d{1,7})\s*-\s*(\d{1,7})\s*", item)):
            found += range(int(ends[1]), min(int(ends[2]), int(ends[1]) + MOST_LISTED) + 1)
        else:
            found.append(item)
    if any(type(item) is not int for item in found):
        raise WrongValueError(f"must be epochs such as [1, 10] or 1-10, not {value!r}")
    return tuple(sorted(set(found)))


Epochs = Annotated[tuple[Whole, ...], BeforeValidator(_epochs), Field(max_length=MOST_LISTED)]


def _decides(value: Any, info: ValidationInfo) -> Any:
    """The full name of a deciding metric; `rmse` stands for `val/rmse`. Programs of the user may have others."""
    known = metrics.deciding()
    wanted = str(value).strip().lower()
    wanted = wanted if "/" in wanted else f"val/{wanted}"
    if (info.context or {}).get(FOREIGN) and THEIRS.fullmatch(wanted):
        return wanted
    if wanted not in known:
        raise WrongValueError(f"no validation metric that decides is called '{value}'{did_you_mean(wanted, known)}")
    return wanted


def _split(value: Any) -> str:
    """The name of a split: one of a few words, or folds as in `kfold[5]`."""
    wanted = str(value).strip().lower()
    folds = folds_of(wanted)
    if folds is not None and not FEWEST_FOLDS <= folds <= MOST_FOLDS:
        raise WrongValueError(f"folds must be from {FEWEST_FOLDS} to {MOST_FOLDS}, not {folds}")
    if folds is None and wanted not in SPLITS:
        known = [*SPLITS, "kfold[5]"]
        raise WrongValueError(f"no split called '{value}'{did_you_mean(wanted, known) or f'; known: {known}'}")
    return wanted


class ProtocolSpec(BaseModel):
    """Fields of `job.Protocol` that a benchmark sets for all its jobs; the others keep their defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: Whole | None = None
    batch_size: Whole | None = None
    learning_rate: Annotated[Finite, Field(gt=0)] | None = None
    weight_decay: Annotated[Finite, Field(ge=0)] | None = None
    dropout: Annotated[Finite, Field(ge=0, lt=1)] | None = None
    clip: Annotated[Finite, Field(ge=0)] | None = None
    encoder_weight_decay: Annotated[Finite, Field(ge=0)] | None = None
    optimizer: Literal["adam", "adamw", "sgd"] | None = None
    momentum: Annotated[Finite, Field(ge=0, lt=1)] | None = None
    schedule: Literal["one_cycle", "cosine", "constant", "step"] | None = None
    milestones: Epochs | None = None
    decay: Annotated[Finite, Field(gt=0, le=1)] | None = None
    warmup: Annotated[Finite, Field(gt=0, lt=1)] | None = None
    initial_division: Annotated[Finite, Field(gt=0)] | None = None
    final_division: Annotated[Finite, Field(gt=0)] | None = None
    split: Annotated[str, BeforeValidator(_split)] | None = None
    keep_predictions: Literal["best", "none"] | None = None
    decide: Annotated[str, BeforeValidator(_decides)] | None = None
    evaluate_every: Annotated[int, Field(strict=True, ge=0, le=MOST_EPOCHS)] | None = None
    init_std: Annotated[Finite, Field(ge=0)] | None = None
    inputs: Literal["scaled", "standardised", "quantiles", "raw"] | None = None
    targets: Literal["scaled", "standardised", "log", "quantiles", "raw"] | None = None
    label_noise: Annotated[Finite, Field(ge=0)] | None = None
    patience: Annotated[int, Field(strict=True, ge=0, le=MOST_EPOCHS)] | None = None
    measure_features: Epochs | None = None
    keep_features: Annotated[Epochs, Field(max_length=MOST_KEPT)] | None = None
    keep_weights: Epochs | None = None
    shots: Literal["dataset", "density"] | None = None
    over_targets: Literal["sum", "mean"] | None = None
    pixels: Whole | None = None


def read_overrides(overrides: dict[str, Any], source: str) -> ProtocolSpec:
    """Protocol fields given on the command line, checked like those of the file."""
    try:
        return ProtocolSpec.model_validate(overrides)
    except ValidationError as error:
        message, place = explain(error.errors()[0], ProtocolSpec)
        field = f" {place[0]}" if place and error.errors()[0]["type"] != "extra_forbidden" else ""
        raise UsageError(f"{source}{field}: {message}") from None


def read_field(name: str, value: Any, *place: str | int) -> Any:
    """One field of the protocol, checked; numbers as floats."""
    try:
        checked = getattr(ProtocolSpec.model_validate({name: value}), name)
    except ValidationError as error:
        raise WrongValueError(f"{name} {explain(error.errors()[0], ProtocolSpec)[0]}", *place) from None
    if checked is None:
        raise WrongValueError(f"{name} has no value", *place)
    return float(checked) if isinstance(value, int) else checked


def explain(error: ErrorDetails, top: type[BaseModel]) -> tuple[str, tuple[str | int, ...]]:
    """A pydantic error as a message and the place it belongs to."""
    place = tuple(error["loc"])
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error" if isinstance(wrong := context["error"], WrongValueError):
            return str(wrong), (*place, *wrong.path)
        case "extra_forbidden":
            fields = (ProtocolSpec if len(place) > 1 else top).model_fields
            return f"no field called '{error['loc'][-1]}'{did_you_mean(str(error['loc'][-1]), fields)}", place
        case "literal_error":
            must = context["expected"]
        case "int_type" | "int_from_float" | "int_parsing":
            must = "a whole number"
        case "float_type" | "float_parsing" | "finite_number":
            must = "a finite number"
        case "model_type" | "model_attributes_type":
            must = "fields and values"
        case _:
            must = error["msg"].removeprefix("Input should be ")
    return f"must be {must}, not {error['input']!r}", place
