"""RealMLP, a network for tables with defaults tuned on many, of the package pytabkit."""

from collections.abc import Iterator

from regbench.baselines.baseline import Baseline, Candidate, Static
from regbench.baselines.shared.pytabkit import fitted
from regbench.data.table import Float64


def fit(x: Float64, y: Float64, static: Static, seed: int) -> Iterator[Candidate]:
    """One candidate: 256 epochs, of which the best on a fifth of the training rows counts."""
    yield fitted("RealMLP_TD_Regressor", x, y, static, seed, n_epochs=int(static["epochs"]))


BASELINE = Baseline(
    fit=fit,
    deterministic=False,
    cost=1e-3,
    requires="pytabkit",
    static={"epochs": 256, "refits": 0},
    label="RealMLP",
    colour="#8C6D5A",
    place=10,
    reference="Holzmüller, Grinsztajn, Steinwart (2024), https://arxiv.org/abs/2407.04491",
)
