"""The claims of a paper as data: each sentence with a predicate over cells, in a small closed vocabulary.

`papers/NAME.yaml` holds the claims of the paper NAME. Reading it needs no numbers; `regbench.analysis.claims` checks
the claims against the paper's own tables and against runs.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from regbench.errors import UsageError, did_you_mean
from regbench.paths import named

FOLDER = Path(__file__).parent


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Where = Literal[
    "everywhere", "somewhere", "mostly"
]  # for all (dataset, k) in question, at least one, or more than half
Rows = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
Ks = Annotated[tuple[int | None, ...], BeforeValidator(_listed), Field(min_length=1)]
Datasets = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Fraction = Annotated[float, Field(gt=0)]


class Predicate(BaseModel):
    """A statement about cells. A row is a method as users write it; `k` applies to rows that do not give their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OverCells(Predicate):
    """A predicate evaluated for each dataset and k separately; no `datasets` means all of the paper's."""

    k: Ks = (None,)
    datasets: Datasets = ()
    where: Where = "everywhere"


class Lowest(OverCells):
    """The row's error is below that of every other row in `among`."""

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
    by: Fraction


class ShareOfGain(OverCells):
    """The gain of `row` over `over` is less than the fraction `below` of the gain of `of` over `over`."""

    row: str
    of: str
    over: str
    below: Fraction


class OverKs(Predicate):
    """A predicate about one row at several k, evaluated for each dataset separately."""

    row: str
    datasets: Datasets = ()
    where: Where = "everywhere"


class VariesLittle(OverKs):
    """Between any two of the ks the error differs by at most `by`."""

    k: Ks
    by: Fraction


class NoGainBeyond(OverKs):
    """The error at `k` is at most `by` above the one at each of the ks `up_to`."""

    k: int
    up_to: Ks
    by: Fraction


class OverMeans(Predicate):
    """A predicate about means of relative errors over datasets, for any kind of mean."""

    datasets: Datasets = ()


class MeanImprovement(OverMeans):
    """The mean over datasets of the row's error relative to `over` is `about` below 1, rounded to `to_the`."""

    row: str
    over: str
    k: int | None = None
    about: Fraction
    to_the: Fraction  # what `about` is rounded to: 0.01 for whole percents


class OrderOfMeans(OverMeans):
    """Ordered by the means: each row of a group is below all rows of the next group."""

    order: Annotated[tuple[Rows, ...], Field(min_length=2)]
    k: int | None = None


class SameOrderForEveryK(OverMeans):
    """The order of the rows by the means is the same for every k."""

    rows: Rows
    k: Ks


class BestSettingDiffers(Predicate):
    """At each k, the values a sweep chose for a setting of the row differ between datasets."""

    setting: str
    of: str
    k: Ks
    datasets: Datasets = ()


class Agrees(Predicate):
    """A number computed from two cells is `about` as much, rounded to `to_the`, in each of the columns.

    Printed numbers agree if what their rounding leaves open and what the rounding of `about` leaves open have values in
    common: that can be refuted, but never be shown.
    """

    row: str
    over: str
    about: float
    to_the: Fraction
    datasets: Annotated[Datasets, Field(min_length=1)]


class Difference(Agrees):
    """The number of `row` is `about` below that of `over`."""


class Increase(Agrees):
    """The number of `row` is `about` above that of `over`, as a share of the latter."""


class AtMost(OverCells):
    """The number of the row is at most `limit`, in the units of its column."""

    row: str
    limit: float


class AddsUp(Predicate):
    """The number of a whole follows from those of its parts, in each row, within rounding.

    It is their weighted mean, or the root of the weighted mean of their squares if `power` is 2.
    """

    rows: Rows
    whole: str
    parts: Annotated[Mapping[str, Fraction], Field(min_length=2)]  # column → weight
    power: int = 1


class Diverges(OverCells):
    """At least one run of the row diverges."""

    row: str


class SpanningTree(Predicate):
    """The cheapest transport of these labels to one another uses just the edges of their minimal spanning tree."""

    labels: Annotated[tuple[float, ...], Field(min_length=4)]


class All(Predicate):
    """All parts hold."""

    parts: tuple[Predicate, ...]


class AnyOf(Predicate):
    """At least one part holds."""

    parts: tuple[Predicate, ...]


class Not(Predicate):
    """The part does not hold."""

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
    "difference": Difference,
    "increase": Increase,
    "at_most": AtMost,
    "adds_up": AddsUp,
    "diverges": Diverges,
    "spanning_tree": SpanningTree,
}
JOINING = ("all", "any", "not")


def read_predicate(data: Any) -> Predicate:
    """A predicate from `{lowest: {row: end2end, ...}}`; `all` and `any` combine several, `not` negates one."""
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
    """A sentence of the paper, and the predicate over cells that must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str  # in the paper's own words
    section: str
    reading: str = ""  # how the sentence was interpreted where it is ambiguous
    includes: tuple[str, ...] = ()  # ids of claims this one implies: if one of them fails, so does this
    holds_if: Annotated[Predicate, BeforeValidator(read_predicate)]


class Column(BaseModel):
    """What a column of a paper's tables shows: a quantity on a dataset, and where our runs have it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str = ""  # ours, by its short name; empty where we have none
    metric: str = ""  # ours, of test rows
    power: int = 1  # of our metric: 2 where the paper shows the square of it, taken for each run
    better: Literal["low", "high"] = "low"
    what: str  # in words
    not_run: str = ""  # why there are no runs to check the column with

    @model_validator(mode="after")
    def _has_runs_or_a_reason(self) -> "Column":
        if not self.not_run and not (self.dataset and self.metric):
            raise ValueError("a column needs `dataset` and `metric`, or `not_run` with the reason why it has none")
        return self


class ErrorTable(BaseModel):
    """A printed table of errors: one row of its file per cell, or with `values` one per method."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    file: str
    value: str = ""  # the column that holds the error
    values: Mapping[str, str] = Field(default_factory=dict)  # or one of each: column of the paper → column of the file
    decimals: int | None = None  # digits the table rounds to; None: as printed for each number
    dataset: str = ""  # of all rows, if there is no such column
    settings: tuple[str, ...] = ()  # columns that are settings of the method
    methods: Mapping[str, str] = Field(default_factory=dict)  # name of a row in the table → ours, where they differ

    @model_validator(mode="after")
    def _has_numbers(self) -> "ErrorTable":
        if bool(self.value) == bool(self.values):
            raise ValueError("a table needs either `value` or `values`")
        return self


class ChosenTable(BaseModel):
    """A printed table of the values a sweep chose for a setting: one row per k, one column per dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    file: str
    setting: str
    of: str  # the method


class Paper(BaseModel):
    """A paper: its tables, its claims, and the benchmarks to check them with.

    A paper whose columns are not all one error on several datasets says in `columns` what each of them is. Its
    `datasets` are then the names of the columns, each judged in its own metric; a row without settings means the row
    of our benchmark with the same parts, whatever their settings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: Path  # of its tables
    title: str
    reference: str
    benchmarks: tuple[str, ...]  # the first stored one is used
    datasets: tuple[str, ...]  # short names, in the paper's order
    columns: Mapping[str, Column] = Field(default_factory=dict)
    baseline: str  # the reference of its relative errors
    errors: tuple[ErrorTable, ...]
    chosen: tuple[ChosenTable, ...] = ()
    notes: tuple[str, ...] = ()  # notes for readers of the tables
    claims: tuple[Claim, ...]


def takes_means(predicate: Predicate) -> bool:
    """Whether a predicate depends on the kind of mean over datasets."""
    match predicate:
        case All() | AnyOf():
            return any(map(takes_means, predicate.parts))
        case Not():
            return takes_means(predicate.part)
    return isinstance(predicate, OverMeans)


def names() -> list[str]:
    """The names of all papers with claims, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def load(name: str) -> Paper:
    """The paper of that name, or of a user's YAML file, whose tables are next to it.

    Raises `UsageError`, with the nearest name, if there is none.
    """
    path = named(name) if Path(name).suffix in (".yaml", ".yml") else FOLDER / f"{name}.yaml"
    if path.parent == FOLDER and name not in names():
        raise UsageError(f"no paper called '{name}'{did_you_mean(name, names())}")
    try:
        return read(path.read_text(encoding="utf-8"), path.stem, path.parent)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def read(text: str, name: str, folder: Path = FOLDER) -> Paper:
    """Read a paper from YAML, with its tables in `folder`; raises `UsageError` naming the invalid field."""
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{name}.yaml{line}: not YAML: {error.problem}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{name}.yaml: must be the fields of a paper, not a {type(data).__name__}")
    if isinstance(columns := data.get("columns"), dict):
        data.setdefault("datasets", list(columns))
    try:
        paper = Paper.model_validate({"name": name, "folder": folder, **data})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}.yaml, {place}: {first['msg']}") from None
    ids = [claim.id for claim in paper.claims]
    if twice := sorted({claim_id for claim_id in ids if ids.count(claim_id) > 1}):
        raise UsageError(f"{name}.yaml: two claims are called '{twice[0]}'")
    for place, claim in enumerate(paper.claims):
        if unknown := [claim_id for claim_id in claim.includes if claim_id not in ids]:
            raise UsageError(f"{name}.yaml, {claim.id}: no claim called '{unknown[0]}'{did_you_mean(unknown[0], ids)}")
        if set(claim.includes) & set(ids[place:]):
            raise UsageError(f"{name}.yaml, {claim.id}: what it includes must stand above it")
    if paper.columns:
        _check_columns(paper)
    for table in (*paper.errors, *paper.chosen):
        if not (folder / table.file).is_file():
            raise UsageError(f"{name}.yaml, {table.name}: there is no file {folder / table.file}")
    return paper


def _check_columns(paper: Paper) -> None:
    """Refuse a claim or a table that names a column which the paper does not describe."""
    named_by = {claim.id: _columns(claim.holds_if) for claim in paper.claims}
    named_by |= {table.name: tuple(table.values) or (table.dataset,) for table in paper.errors}
    for place, columns in named_by.items():
        if unknown := next((column for column in columns if column not in paper.columns), None):
            near = did_you_mean(unknown, paper.columns)
            raise UsageError(f"{paper.name}.yaml, {place}: no column called '{unknown}'{near}")


def _columns(predicate: Predicate) -> tuple[str, ...]:
    """The columns that a predicate names."""
    match predicate:
        case All() | AnyOf():
            return tuple(column for part in predicate.parts for column in _columns(part))
        case Not():
            return _columns(predicate.part)
        case AddsUp():
            return (predicate.whole, *predicate.parts)
    return getattr(predicate, "datasets", ())
