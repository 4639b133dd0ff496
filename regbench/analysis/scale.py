"""How two values of a metric are compared: errors by their ratio, everything else by a difference."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regbench import metrics
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_ROPE = 1000.0
PERCENT, DIFFERENCE = "percent", "difference"
WITHOUT = {  # why a run may have no metric that needs this
    "positive": ", or their targets are scaled or not positive",
    "distribution": ", or their methods predict no distribution",
    "features": ", or their features were not looked at",
}


@dataclass(frozen=True)
class Scale:
    """The scale of one metric. Numbers on it can be averaged, and are negative where the first of two is better."""

    about: metrics.About

    @property
    def unit(self) -> str:
        """The unit of `shown`: percent of the second one's error, or `difference`, the metric's own unit."""
        return PERCENT if self.about.is_error else DIFFERENCE

    def apart(self, pairs: np.ndarray) -> np.ndarray:
        """The first of each pair (N, 2) against the second: the log ratio of errors, or the difference of losses."""
        if self.about.is_error:
            return np.log(pairs[:, 0] / pairs[:, 1])
        lost = np.vectorize(self.about.loss, otypes=[float])(pairs)
        return lost[:, 0] - lost[:, 1]

    def margin(self, rope: float) -> float:
        """The largest difference that is too small to matter: relative for errors, else in the metric's own units."""
        return float(np.log1p(rope)) if self.about.is_error else rope

    def limits(self, rope: float) -> tuple[float, float]:
        """The range of shown numbers within which a difference is too small to matter."""
        return (self.shown(-self.margin(rope)), 100 * rope) if self.about.is_error else (-rope, rope)

    def shown(self, apart: float) -> float:
        """A number of this scale in the unit that users see; infinite beyond the largest ratio of two numbers."""
        with np.errstate(over="ignore"):
            return float(100 * np.expm1(apart)) if self.about.is_error else float(apart)


def of(metric: str) -> Scale:
    """The scale of a metric; `UsageError` with the nearest name where there is none."""
    return Scale(metrics.about(metric))


def check_recorded(frame: "DataFrame", metric: str, of: str = "") -> None:
    """Refuse a metric that no run of the frame has; `of` names the runs in the message, by default their benchmark."""
    about = metrics.about(metric)
    columns = [column for column in (f"val_{about.name}", f"test_{about.name}") if column in frame]
    if about.name in metrics.USUAL or "run_id" not in frame or frame["run_id"].isna().all():
        return
    if not any(frame[column].notna().any() for column in columns):
        raise not_recorded(about, of or (str(frame["benchmark"].iloc[0]) if "benchmark" in frame else ""))


def not_recorded(about: metrics.About, of: str = "") -> NothingMeasured:
    """The error that says that no run has a metric, and the possible reasons."""
    why = "they were trained before regbench measured it"
    why += WITHOUT.get(about.needs, "")
    return NothingMeasured(f"{about.label} was not recorded in any run{f' of {of}' if of else ''}: {why}")


def read_rope(text: str) -> float:
    """A difference too small to matter as the command line has it, relative for errors.

    >>> read_rope("1%"), read_rope("0.02")
    (0.01, 0.02)
    """
    number, share = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        rope = float(number) / (100 if share else 1)
    except ValueError:
        raise UsageError(f"--rope {text}: must be a number such as 0.01, or a share such as 1%") from None
    check_rope(rope)
    return rope


def check_rope(rope: float) -> None:
    """Refuse a difference too small to matter that is negative, no number or without a bound."""
    if not 0 <= rope <= MOST_ROPE:
        raise UsageError(f"--rope {rope:g}: must be from 0 to {MOST_ROPE:g}, such as 0.01 for 1 %")


def check_level(level: float) -> None:
    """Refuse a probability that is not between 0 and 1."""
    if not 0 < level < 1:
        raise UsageError(f"--level {level}: must be between 0 and 1, such as 0.95")
