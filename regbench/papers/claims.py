"""What a paper says of its methods, as data: each sentence with a predicate over cells, in a small closed vocabulary.

`papers/NAME.yaml` holds the claims of the paper NAME. Reading one needs no numbers; `regbench.analysis.claims` lays
them beside the paper's own tables and beside runs.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from regbench.errors import UsageError, did_you_mean

FOLDER = Path(__file__).parent


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Where = Literal["everywhere", "somewhere", "mostly"]  # of the (dataset, k) that are asked: all, one, more than half
Rows = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
Ks = Annotated[tuple[int | None, ...], BeforeValidator(_listed), Field(min_length=1)]
Datasets = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Share = Annotated[float, Field(gt=0)]


class Predicate(BaseModel):
    """A statement about cells. A row is a method as users write it; `k` is for the rows that say none themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OverCells(Predicate):
    """What is asked of every dataset and k by itself; no `datasets` means all of the paper's."""

    k: Ks = (None,)
    datasets: Datasets = ()
    where: Where = "everywhere"


class Lowest(OverCells):
    """The row's error is below that of every other among those named."""

    row: str
    among: Rows


class Improves(OverCells):
    """Each of the rows has a lower error than each of the others."""

    rows: Rows
    over: Rows


class Similar(OverCells):
    """The two rows' errors differ by at most `by` of either."""

    row: str
    to: str
    by: Share


class ShareOfGain(OverCells):
    """Of what `of` gains over `over`, the row alone brings less than `below`."""

    row: str
    of: str
    over: str
    below: Share


class OverKs(Predicate):
    """What is asked of a row at several k, of every dataset by itself."""

    row: str
    datasets: Datasets = ()
    where: Where = "everywhere"


class VariesLittle(OverKs):
    """Between any two of the ks the error differs by at most `by`."""

    k: Ks
    by: Share


class NoGainBeyond(OverKs):
    """The error at `k` is at most `by` above the one at each of the ks `up_to`."""

    k: int
    up_to: Ks
    by: Share


class OverMeans(Predicate):
    """What is asked of means over datasets of relative errors, whichever mean is taken."""

    datasets: Datasets = ()


class MeanImprovement(OverMeans):
    """The mean over datasets of the row's error relative to `over` is `about` below 1, rounded as it is said."""

    row: str
    over: str
    k: int | None = None
    about: Share
    to_the: Share  # what `about` is rounded to: 0.01 for whole percents


class OrderOfMeans(OverMeans):
    """By the means, each row is below all those of the next group."""

    order: Annotated[tuple[Rows, ...], Field(min_length=2)]
    k: int | None = None


class SameOrderForEveryK(OverMeans):
    """The rows, ordered by the means, come in one order for every k."""

    rows: Rows
    k: Ks


class BestSettingDiffers(Predicate):
    """At each k, the values that a sweep chose for a setting of the row are not the same on all datasets."""

    setting: str
    of: str
    k: Ks
    datasets: Datasets = ()


class All(Predicate):
    """Every part holds."""

    parts: tuple[Predicate, ...]


class AnyOf(Predicate):
    """One part holds."""

    parts: tuple[Predicate, ...]


class Not(Predicate):
    """The part fails."""

    part: Predicate


VOCABULARY: dict[str, type[Predicate]] = {
    "lowest": Lowest,
    "improves": Improves,
    "similar": Similar,
    "share_of_gain": ShareOfGain,
    "varies_little": VariesLittle,
    "no_gain_beyond": NoGainBeyond,
    "mean_improvement": MeanImprovement,
    "order_of_means": OrderOfMeans,
    "same_order_for_every_k": SameOrderForEveryK,
    "best_setting_differs": BestSettingDiffers,
}
JOINING = ("all", "any", "not")


def read_predicate(data: Any) -> Predicate:
    """A predicate from `{lowest: {row: end2end, ...}}`; `all` and `any` join several, `not` turns one round."""
    if isinstance(data, Predicate):
        return data
    if not isinstance(data, Mapping) or len(data) != 1:
        raise ValueError(f"a predicate is one name with its fields, such as `lowest: {{...}}`, not {data!r}")
    ((name, fields),) = data.items()
    match name:
        case "all":
            return All(parts=tuple(map(read_predicate, _listed(fields))))
        case "any":
            return AnyOf(parts=tuple(map(read_predicate, _listed(fields))))
        case "not":
            return Not(part=read_predicate(fields))
    if name not in VOCABULARY:
        raise ValueError(f"no predicate called '{name}'{did_you_mean(str(name), [*VOCABULARY, *JOINING])}")
    return VOCABULARY[name].model_validate(fields)


class Claim(BaseModel):
    """A sentence of the paper, and what must be true of the cells for it to hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str  # in the paper's own words
    section: str
    reading: str = ""  # what of the predicate the sentence leaves open, and how it was settled
    includes: tuple[str, ...] = ()  # claims that this one says too: where one of them fails, so does this
    holds_if: Annotated[Predicate, BeforeValidator(read_predicate)]


class ErrorTable(BaseModel):
    """A printed table of errors: one row of its file for each cell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    file: str
    value: str  # the column that holds the error
    decimals: int | None = None  # to which the table rounds; None where each number has its own digits
    dataset: str = ""  # of all rows, where no column says it
    settings: tuple[str, ...] = ()  # columns that are settings of the method
    methods: Mapping[str, str] = Field(default_factory=dict)  # the table's name of a row → ours, where they differ


class ChosenTable(BaseModel):
    """A printed table of the values that a sweep chose for a setting: one row for each k, one column a dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    file: str
    setting: str
    of: str  # the method


class Paper(BaseModel):
    """A paper: its tables, its claims, and which benchmark's runs they are laid beside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: Path  # of its tables
    title: str
    reference: str
    benchmarks: tuple[str, ...]  # the first of them that there is
    datasets: tuple[str, ...]  # by their short names, in the paper's order
    baseline: str  # what its means of relative errors are relative to
    errors: tuple[ErrorTable, ...]
    chosen: tuple[ChosenTable, ...] = ()
    notes: tuple[str, ...] = ()  # what whoever reads its tables must know
    claims: tuple[Claim, ...]


def takes_means(predicate: Predicate) -> bool:
    """Whether it depends on how means over datasets are taken."""
    match predicate:
        case All() | AnyOf():
            return any(map(takes_means, predicate.parts))
        case Not():
            return takes_means(predicate.part)
    return isinstance(predicate, OverMeans)


def names() -> list[str]:
    """Every paper whose claims are written down, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def load(name: str) -> Paper:
    """The paper of that name, or of a YAML file of the user's own; `UsageError` with the nearest one.

    The tables of a file lie beside it.
    """
    path = Path(name).expanduser() if Path(name).suffix in (".yaml", ".yml") else FOLDER / f"{name}.yaml"
    if path.parent == FOLDER and name not in names():
        raise UsageError(f"no paper called '{name}'{did_you_mean(name, names())}")
    try:
        return read(path.read_text(encoding="utf-8"), path.stem, path.parent)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def read(text: str, name: str, folder: Path = FOLDER) -> Paper:
    """A paper from YAML, its tables in `folder`; `UsageError` names the field that is wrong."""
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{name}.yaml{line}: not YAML: {error.problem}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{name}.yaml: must be the fields of a paper, not a {type(data).__name__}")
    try:
        paper = Paper.model_validate({"name": name, "folder": folder, **data})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        raise UsageError(f"{name}.yaml, {place}: {first['msg']}") from None
    ids = [claim.id for claim in paper.claims]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise UsageError(f"{name}.yaml: two claims are called '{twice[0]}'")
    for place, claim in enumerate(paper.claims):
        if unknown := [each for each in claim.includes if each not in ids]:
            raise UsageError(f"{name}.yaml, {claim.id}: no claim called '{unknown[0]}'{did_you_mean(unknown[0], ids)}")
        if set(claim.includes) & set(ids[place:]):
            raise UsageError(f"{name}.yaml, {claim.id}: what it includes must stand above it")
    for table in (*paper.errors, *paper.chosen):
        if not (folder / table.file).is_file():
            raise UsageError(f"{name}.yaml, {table.name}: there is no file {folder / table.file}")
    return paper
