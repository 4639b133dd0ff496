"""What the page is made of: what a store knows of one benchmark, read once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.analysis.claims import Findings
    from regbench.analysis.sweeps import Swept

MOST_EPOCHS = 200  # points of a curve; a canvas on a phone has hardly more columns
ALSO = ("coverage",)  # metrics shown besides those that every frame of cells has


@dataclass(frozen=True)
class Origins:
    """Where the numbers come from, as plain data.

    config: the fields of a configuration that all cells share, by dotted name.
    cells: dataset, variant, k → the cell's own fields, its runs, and what a sweep chose for it.
    environments: versions, flags and machines of the runs, which name them by place.
    datasets: name → digest, sizes, source and licence.
    budget: how many configurations were tried to choose the values of a cell, fewest and most; None without a choice.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    cells: Mapping[tuple[str, str, int | None], Mapping[str, Any]] = field(default_factory=dict)
    environments: tuple[Mapping[str, Any], ...] = ()
    datasets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    budget: tuple[int, int] | None = None


@dataclass(frozen=True)
class Inputs:
    """The frames of a benchmark; None where there is nothing, and `why` says the reason by the name of the field.

    cells: as `Store.cells` gives them. curves: as `Store.curves`, at most about `MOST_EPOCHS` epochs of a run.
    description: the benchmark's own, from its file.
    """

    cells: "DataFrame"
    curves: "DataFrame | None" = None
    swept: "Swept | None" = None
    findings: "Findings | None" = None
    origins: Origins = field(default_factory=Origins)
    description: str = ""
    why: Mapping[str, str] = field(default_factory=dict)
