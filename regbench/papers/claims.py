"""The claims of a paper as data: each sentence with a predicate over cells, in the vocabulary of `predicates`.

`papers/NAME.yaml` holds the claims of the paper NAME. Reading it needs no numbers; `regbench.analysis.claims` checks
the claims against the paper's own tables and against runs.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from regbench.errors import UsageError, did_you_mean
from regbench.papers.predicates import Predicate, columns, read_predicate
from regbench.paths import named

FOLDER = Path(__file__).parent


class Claim(BaseModel):
    """A sentence of the paper, and the predicate over cells that must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str  # in the paper's own words
    section: str
    reading: str = ""  # how the sentence was interpreted where it is ambiguous
    includes: tuple[str, ...] = ()  # ids of claims this one implies: it fails with each, and holds only if all do
    benchmark: str = ""  # that has its runs, where it is not the paper's own
    quantity: str = ""  # stored number that it is about, such as encoder/entropy, where it is not about errors
    per: str = ""  # what the quantity is divided by: another one, or `log k`, the entropy of a uniform code
    holds_if: Annotated[Predicate, BeforeValidator(read_predicate)]

    @model_validator(mode="after")
    def _per_a_quantity(self) -> "Claim":
        if self.per and not self.quantity:
            raise ValueError("`per` needs a `quantity` to divide")
        return self

    @property
    def is_of_paper(self) -> bool:
        """Whether it is about errors of the paper's own benchmark, as the numbers of its tables are."""
        return not (self.benchmark or self.quantity)


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

    def named(self, name: str) -> Claim:
        """The claim of that id, with dashes or underscores; `UsageError` with the nearest if there is none."""
        known = {claim.id: claim for claim in self.claims}
        spelled = name.strip().lower().replace("_", "-")
        if spelled not in known:
            raise UsageError(f"no claim of {self.name} is called '{name}'{did_you_mean(spelled, known)}")
        return known[spelled]

    def with_included(self, only: Collection[str] = ()) -> tuple[Claim, ...]:
        """All claims, or `only` those of these ids and what they include, in order."""
        needed = {self.named(name).id for name in only or [claim.id for claim in self.claims]}
        for claim in reversed(self.claims):  # a claim stands below those that it includes
            needed |= set(claim.includes) if claim.id in needed else set()
        return tuple(claim for claim in self.claims if claim.id in needed)


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
    if isinstance(described := data.get("columns"), dict):
        data.setdefault("datasets", list(described))
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
    named_by = {claim.id: columns(claim.holds_if) for claim in paper.claims if not claim.quantity}
    named_by |= {table.name: tuple(table.values) or (table.dataset,) for table in paper.errors}
    for place, named_there in named_by.items():
        if unknown := next((column for column in named_there if column not in paper.columns), None):
            near = did_you_mean(unknown, paper.columns)
            raise UsageError(f"{paper.name}.yaml, {place}: no column called '{unknown}'{near}")
