"""The outcome of a gate: a verdict for each cell, the tier that gave it, and the exit code."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from regbench.analysis.gate import OK, OPEN, REGRESSED, SAME

FAILED, UNDECIDED = 4, 5  # exit codes
REPLAYED, COVERED, PAIRED, CONFIRMED = "replayed", "covered", "paired", "confirmed"


@dataclass(frozen=True)
class CellOutcome:
    """The verdict on one cell.

    verdict: same, ok, open or regressed, see `analysis.gate`.
    how: replayed: a seed of it was trained and equals the file; covered: one of another cell was, by the same code;
        paired: both codes were trained; confirmed: also on fresh seeds.
    seeds: trained with both codes.
    change, low, high: the mean over seeds and its 95 % interval, in the unit of `Outcome.unit`; positive is worse.
    margin: in the same unit.
    p: one-sided, that it is no worse, by the seeds that decided.
    lost: the runs that diverge only now.
    before, after: means over these seeds; None where one diverged.
    """

    cell: str
    verdict: str
    how: str
    seeds: int = 0
    change: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    p: float | None = None
    lost: int = 0
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a gate.

    unit: of changes, "percent" or "difference".
    trained: the number of runs that were trained, by "replay", "baseline" and "present".
    changed: the cells whose code digest is not that of the file.
    """

    benchmark: str
    metric: str
    unit: str
    commit: str | None
    cells: tuple[CellOutcome, ...]
    trained: Mapping[str, int]
    changed: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def verdicts(self) -> Counter[str]:
        """The number of cells by verdict."""
        return Counter(cell.verdict for cell in self.cells)

    @property
    def verdict(self) -> str:
        """The worst verdict: regressed, then open, then ok."""
        return next((each for each in (REGRESSED, OPEN) if self.verdicts[each]), OK)

    @property
    def same(self) -> bool:
        """Whether every cell gives the same numbers, bit for bit."""
        return self.verdicts[SAME] == len(self.cells)

    def exit_code(self, *, strict: bool) -> int:
        """4 where a cell regressed, 5 where one is open and that is to fail, else 0."""
        return {REGRESSED: FAILED, OPEN: UNDECIDED * strict}.get(self.verdict, 0)

    def data(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {**asdict(self), "verdict": self.verdict, "trained": dict(self.trained)}
