"""The numbers that each claim is checked against, read once for all claims that share them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regbench.analysis.claims.measured import NOTHING, Chosen, Measured
from regbench.analysis.claims.printed import Printed
from regbench.analysis.claims.stored import Stored
from regbench.analysis.claims.tried import Tried
from regbench.papers.claims import Claim, Paper

if TYPE_CHECKING:
    from pandas import DataFrame

PAPER = "paper"
OURS = "ours"  # the answer of our runs where each column has its own metric


@dataclass(frozen=True)
class Numbers:
    """The evidence of each claim: the paper's tables, its benchmark's runs, or those that the claim names."""

    paper: Paper
    frame: "DataFrame | None"
    chosen: Mapping[Chosen, Mapping[str, Any]]
    others: "Mapping[str, DataFrame]"
    tried: Tried
    made: dict[tuple[str, Stored | None, str], Printed | Measured] = field(default_factory=dict)

    def own(self, measured: Sequence[str]) -> dict[str, Printed | Measured]:
        """The evidence of most claims; without runs none of ours, but for columns, which say why there are none."""
        names = (PAPER, *(measured if self.frame is not None or self.paper.columns else ()))
        return {name: self._of("", None, name) for name in names}

    def of(self, claim: Claim, name: str) -> Printed | Measured | None:
        """The evidence that gives a claim the answer of that name; None where nothing has been run."""
        quantity = Stored(claim.quantity, claim.per) if claim.quantity else None
        if name == PAPER:
            return self._of("", quantity, name)
        if self.frame is None and not (claim.benchmark or self.paper.columns):
            return None
        return self._of(claim.benchmark, quantity, name)

    def _of(self, benchmark: str, quantity: Stored | None, name: str) -> Printed | Measured:
        key = (benchmark, quantity, "" if quantity and name != PAPER else name)
        if key not in self.made:
            self.made[key] = self._make(*key, printed=name == PAPER)
        return self.made[key]

    def _make(self, benchmark: str, quantity: Stored | None, name: str, *, printed: bool) -> Printed | Measured:
        if printed:
            return Printed(self.paper, errors=quantity is None)
        frame = self.others.get(benchmark) if benchmark else self.frame
        return Measured(
            frame,
            None if quantity or name == OURS else name,
            {} if benchmark else self.chosen,
            {} if quantity else self.paper.columns,
            quantity=quantity,
            tried={} if benchmark else self.tried,
            nothing=f"{benchmark} has not been run" if benchmark else NOTHING,
        )
