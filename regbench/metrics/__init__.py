"""Metrics of predictions, of predicted distributions and of features, one per file.

A metric of predictions is a function for all jobs of a pack: predictions (J, N, M) and targets (N, M) -> (J,) in
float64. A metric of distributions is computed by the methods that predict a distribution; its file has the formulas
that they share. A metric of features is a function of one model: `Features` -> () in float64. The properties of a
metric are read from its file, without importing torch.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

    from regbench.types import Features

SHOTS = ("many", "median", "few")  # by the number of training rows near, see `shots`
ROWS = ("seen", "unseen")  # held-out rows whose inputs a training row has too, and the others, see `data.seen`
USUAL = ("rmse", "mae")  # every run has them, and tables show them by default
ERRORS = ("target", "squared")  # units of metrics that are 0 at best, so ratios of them are meaningful


@dataclass(frozen=True)
class About:
    """The properties of a metric."""

    name: str
    label: str  # in tables
    symbol: str  # in formulas
    better: str | float  # "low", "high", or the best value
    unit: str  # "target", "squared", "nats", "share" or "none"
    needs: str  # "predictions", "positive", "distribution" or "features"

    @property
    def is_error(self) -> bool:
        """Whether lower is better and 0 is best, so that ratios are meaningful."""
        return self.better == "low" and self.unit in ERRORS

    @property
    def has_direction(self) -> bool:
        """Whether lower is always better, or higher always is."""
        return self.better in ("low", "high")

    @property
    def direction(self) -> str:
        """Which values are better, as text."""
        return f"{self.better}er is better" if self.has_direction else f"best at {self.better:g}"

    def loss(self, value: float) -> float:
        """A number that is lower for better values."""
        if self.better == "low":
            return value
        return -value if self.better == "high" else abs(value - float(self.better))


def about(name: str) -> About:
    """The metric of that name, in upper or lower case; `UsageError` with the nearest name if there is none.

    `few/mae` is the MAE over the rows with few training rows near, `unseen/mae` that over the rows whose inputs no
    training row has; see `shots` and `data.seen`.
    """
    known, wanted = catalog.names("metrics"), name.strip().lower()
    rows, _, of_rows = wanted.partition("/")
    if rows in SHOTS and of_rows in known and (whole := about(of_rows)).unit != "none":
        return replace(whole, name=wanted, label=f"{whole.label}, {rows}", symbol=f"{whole.symbol}, {rows}")
    if rows in ROWS and of_rows in USUAL:
        whole = about(of_rows)
        return replace(whole, name=wanted, label=f"{whole.label} on {rows} rows", symbol=f"{whole.symbol}, {rows}")
    if wanted not in known:
        raise UsageError(f"no metric called '{name}'{did_you_mean(wanted, known)}")
    said = catalog.entry("metrics", wanted).arguments
    return About(wanted, *(said[each] for each in ("label", "symbol", "better", "unit", "needs")))


def over(rows: str, metric: str | None = None) -> tuple[str, ...]:
    """The names of a metric, or of the usual ones, over "all", "seen" or "unseen" test rows.

    >>> over("unseen"), over("all", "CRPS")
    (('unseen/rmse', 'unseen/mae'), ('crps',))
    """
    wanted, part = (about(metric).name,) if metric else USUAL, rows.strip().lower()
    if part == "all":
        return wanted
    if part not in ROWS:
        raise UsageError(f"--rows: no '{rows}'{did_you_mean(part, ('all', *ROWS))}")
    if lacking := [name for name in wanted if name not in USUAL]:
        raise UsageError(f"--rows {part} is kept for {' and '.join(USUAL)}, not for {lacking[0]}")
    return tuple(f"{part}/{name}" for name in wanted)


def about_val(name: str) -> About:
    """The metric in a name for validation rows, such as `val/rmse`."""
    return about(name.removeprefix("val/"))


def needing(what: str) -> list[str]:
    """The names of the metrics that need "predictions", which every run has, or something else; see `Metric.needs`."""
    return [name for name in catalog.names("metrics") if about(name).needs == what]


def of_predictions(*, positive: bool = False) -> "dict[str, Callable[[Tensor, Tensor], Tensor]]":
    """The functions of the metrics of predictions, by name; with `positive` also those of positive targets only."""
    names = [*needing("predictions"), *(needing("positive") if positive else [])]
    return {name: catalog.load("metrics", name).compute for name in names}


def measure(
    functions: "Mapping[str, Callable[[Tensor, Tensor], Tensor]]",
    prediction_JNM: "Tensor",
    y_NM: "Tensor",
    shots_N: "Tensor | None" = None,
) -> "dict[str, Tensor]":
    """Each metric over all rows and, with shots, over the rows of each: `mae`, `many/mae`, `median/mae`, `few/mae`.

    A metric without a unit, such as a correlation, is not taken over a part of the range. NaN without rows.
    """
    values = {name: function(prediction_JNM, y_NM) for name, function in functions.items()}
    if shots_N is None:
        return values
    for number, shot in enumerate(SHOTS):
        rows = shots_N == number
        for name in (name for name in functions if about(name).unit != "none"):
            found = functions[name](prediction_JNM[:, rows], y_NM[rows]) if bool(rows.any()) else None
            values[f"{shot}/{name}"] = values[name] * math.nan if found is None else found
    return values


def of_features() -> "dict[str, Callable[[Features], Tensor]]":
    """The functions of all metrics of features, by name."""
    return {name: catalog.load("metrics", name).compute for name in needing("features")}


def deciding() -> tuple[str, ...]:
    """The metrics that may decide which epoch of a run counts: those with a direction that every epoch has."""
    every_epoch = {*needing("predictions"), *needing("distribution")}
    named = [name for name in catalog.names("metrics") if name in every_epoch and about(name).has_direction]
    return tuple(f"val/{name}" for name in sorted(named, key=lambda name: (name not in USUAL, name != USUAL[0], name)))


def choosing() -> tuple[str, ...]:
    """The metrics that may choose hyper-parameters: the deciding ones that are errors and that every run has."""
    known = {name: about_val(name) for name in deciding()}
    return tuple(name for name, each in known.items() if each.is_error and each.needs == "predictions")
