"""The rows of a table of results: which run each is of, and its numbers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regbench import catalog
from regbench.config.amounts import LARGEST_SEED, MOST_BINS, MOST_EPOCHS
from regbench.errors import UsageError, did_you_mean
from regbench.owntables import UNUSABLE

CELL = ("dataset", "method", "seed", "k")
REQUIRED = ("dataset", "method")
EPOCH, SECONDS, ROW, PREDICTION, TARGET = "epoch", "seconds", "row", "prediction", "y"
NUMBER = re.compile(r"(val|test|train)[/_](\w[\w./\-]*)")
QUANTILE = re.compile(r"q_?(0?\.\d+)")
METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
NOT_FINITE = ("", "nan", "na", "inf", "-inf", "none", "null")


@dataclass(frozen=True, order=True)
class Cell:
    """A run of another tool: where it belongs."""

    dataset: str
    method: str
    seed: int = 0
    k: int | None = None

    def __str__(self) -> str:
        at = "" if self.k is None else f" k={self.k}"
        return f"{self.dataset} {self.method}{at} seed={self.seed}"


@dataclass
class Sheet:
    """A table of results: its columns as text, and what they are for.

    numbers: column -> the name of a metric, such as test/rmse.
    quantiles: column -> its level.
    """

    path: Path
    columns: Mapping[str, list[str]]
    numbers: dict[str, str] = field(default_factory=dict)
    quantiles: dict[str, float] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.columns:
            if found := NUMBER.fullmatch(name):
                self.numbers[name] = f"{found[1]}/{found[2]}"
            elif found := QUANTILE.fullmatch(name):
                self.quantiles[name] = float(found[1])
            elif name not in (*CELL, EPOCH, SECONDS, ROW, PREDICTION, TARGET):
                self.aside.append(name)
        for name in REQUIRED:
            if name not in self.columns:
                raise UsageError(f"{self.path}: has no column {name}{did_you_mean(name, self.columns)}")
        names = list(self.numbers.values())
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"{self.path}: has the column {twice} twice")

    @property
    def has_predictions(self) -> bool:
        """Whether its rows are rows of test data rather than runs or epochs."""
        return ROW in self.columns and (PREDICTION in self.columns or bool(self.quantiles))

    @property
    def size(self) -> int:
        """The number of its rows."""
        return len(self.columns[REQUIRED[0]])

    def cells(self) -> Iterator[tuple[int, Cell]]:
        """The run that each row is of."""
        names: dict[str, str] = {}
        datasets: dict[str, str] = {}
        for row in range(self.size):
            dataset, method = self.columns["dataset"][row], self.columns["method"][row]
            if method not in names:
                names[method] = self._method(method, row)
            if dataset not in datasets:
                datasets[dataset] = self._dataset(dataset, row)
            seed = self.whole("seed", row, 0, LARGEST_SEED)
            yield row, Cell(datasets[dataset], names[method], seed or 0, self.whole("k", row, 2, MOST_BINS))

    def epoch(self, row: int) -> int:
        """The epoch of a row, 1 if it says none."""
        return self.whole(EPOCH, row, 1, MOST_EPOCHS) or 1

    def number(self, name: str, row: int) -> float:
        """A number; NaN where there is none."""
        text = self.columns[name][row]
        if text.lower() in NOT_FINITE:
            return float("nan")
        try:
            return float(text)
        except ValueError:
            raise self.wrong(row, name, f"'{text[:40]}' is no number") from None

    def whole(self, name: str, row: int, least: int, most: int) -> int | None:
        """A whole number within bounds; None where there is none."""
        text = self.columns[name][row] if name in self.columns else ""
        if text == "":
            return None
        if not re.fullmatch(r"\d{1,19}", text) or not least <= int(text) <= most:
            raise self.wrong(row, name, f"'{text[:40]}' is no whole number from {least} to {most}")
        return int(text)

    def wrong(self, row: int, name: str, why: str) -> UsageError:
        """The error that names file, row and column; rows count from 1 below the header."""
        return UsageError(f"{self.path}, row {row + 1}, {name}: {why}")

    def _method(self, text: str, row: int) -> str:
        name = re.sub(r"[\s\-]+", "_", text.strip())
        if not METHOD.fullmatch(name):
            raise self.wrong(
                row, "method", f"'{text[:40]}' cannot name a row: use letters, digits, dots and underscores"
            )
        for kind in (*catalog.ROWS, *catalog.PARTS):
            if name in catalog.names(kind):
                raise self.wrong(
                    row,
                    "method",
                    f"'{name}' is a {kind.removesuffix('s')} that is trained here, and these results were not; "
                    f"name the row otherwise, such as {name}_theirs",
                )
        return name

    def _dataset(self, text: str, row: int) -> str:
        try:
            return catalog.resolve("datasets", text.strip())
        except UsageError:
            if UNUSABLE.search(text) or not text:
                why = f"'{text[:40]}' cannot name a dataset: it has a blank, a comma, a bracket or a quote"
                raise self.wrong(row, "dataset", why if text else "is empty") from None
            return text
