"""Numbers of a run that claims are about beside its errors: what encoders became, and how long things took."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regbench.analysis.aggregate import null

LOG_K = "log k"  # nats: the entropy of a uniform distribution over k bins
LABELS = {
    "encoder/entropy": "entropy of ψ",
    "encoder/rmse": "RMSE of μᵀψ(y)",
    "stage1/seconds": "seconds of stage 1",
    "seconds": "seconds of the run",
    LOG_K: "log k",
}


@dataclass(frozen=True)
class Stored:
    """A stored number of a run, or with `per` one divided by another."""

    quantity: str
    per: str = ""

    @property
    def label(self) -> str:
        """In words.

        >>> Stored("encoder/entropy", "log k").label
        'entropy of ψ / log k'
        """
        return " / ".join(LABELS.get(name, name) for name in (self.quantity, self.per) if name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers that it is computed from, as they are stored with epochs."""
        return tuple(name for name in (self.quantity, self.per) if name not in ("", LOG_K, "seconds"))

    def of(self, job: Mapping[str, Any]) -> float | None:
        """Of a job as a row of `Store.cells`; None where it was not recorded."""
        value = _number(job, self.quantity)
        if value is None or not self.per:
            return value
        unit = _number(job, self.per)
        return value / unit if unit else None


def _number(job: Mapping[str, Any], name: str) -> float | None:
    if name == LOG_K:
        k = null(job["k"])
        return math.log(k) if k is not None else None
    value = null(job.get(name.replace("/", "_", 1)))
    return None if value is None else float(value)
