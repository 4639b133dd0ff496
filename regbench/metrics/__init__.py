"""How good predictions and predicted distributions are: one metric per file.

A metric of predictions is a function of all jobs of a pack, predictions (J, N, M) and targets (N, M) -> (J,) in
float64. One of distributions is a score of the methods that predict one, for how it is computed is theirs to know; its
file has the formulas that they share. What is known of a metric is read from its file, without importing torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

USUAL = ("rmse", "mae")  # that every run has, and that tables show where nothing else is asked for
ERRORS = ("target", "squared")  # units of what is 0 at best, so that a ratio of two says how much worse one is


@dataclass(frozen=True)
class About:
    """What a metric says of itself."""

    name: str
    label: str  # as tables have it
    symbol: str  # as formulas have it
    better: str | float  # "low", "high", or the value that is best
    unit: str  # "target", "squared", "nats", "share" or "none"
    needs: str  # "predictions" or "distribution"

    @property
    def is_error(self) -> bool:
        """Whether it is 0 at best and lower is better, so that ratios of it mean something."""
        return self.better == "low" and self.unit in ERRORS

    @property
    def has_direction(self) -> bool:
        """Whether lower, or higher, is always better."""
        return self.better in ("low", "high")

    @property
    def direction(self) -> str:
        """Which values are better, in words."""
        return f"{self.better}er is better" if self.has_direction else f"best at {self.better:g}"

    def loss(self, value: float) -> float:
        """A number that is lower where the value is better."""
        if self.better == "low":
            return value
        return -value if self.better == "high" else abs(value - float(self.better))


def about(name: str) -> About:
    """The metric of that name, in capitals too; `UsageError` with the nearest one where there is none."""
    known, wanted = catalog.names("metrics"), name.strip().lower()
    if wanted not in known:
        raise UsageError(f"no metric called '{name}'{did_you_mean(wanted, known)}")
    said = catalog.entry("metrics", wanted).arguments
    return About(wanted, *(said[each] for each in ("label", "symbol", "better", "unit", "needs")))


def about_val(name: str) -> About:
    """The metric of a number of validation rows, such as `val/rmse`."""
    return about(name.removeprefix("val/"))


def needing(what: str) -> list[str]:
    """The metrics of "predictions", which every run has, or those of a "distribution"."""
    return [name for name in catalog.names("metrics") if about(name).needs == what]


def of_predictions() -> "dict[str, Callable[[Tensor, Tensor], Tensor]]":
    """Every function that looks at predictions alone, by name."""
    return {name: catalog.load("metrics", name).compute for name in needing("predictions")}


def deciding() -> tuple[str, ...]:
    """What may decide which epoch of a run counts: the metrics of validation rows that have a direction."""
    named = [name for name in catalog.names("metrics") if about(name).has_direction]
    return tuple(f"val/{name}" for name in sorted(named, key=lambda name: (name not in USUAL, name != USUAL[0], name)))


def choosing() -> tuple[str, ...]:
    """What may choose between hyper-parameters: those of them that are errors and that every row has."""
    known = {name: about_val(name) for name in deciding()}
    return tuple(name for name, each in known.items() if each.is_error and each.needs == "predictions")
