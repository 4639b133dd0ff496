"""TabM, 32 networks for tables that share most of their weights, as the package pytabkit has it."""

from collections.abc import Iterator

from regbench.baselines.baseline import Baseline, Candidate, Static
from regbench.baselines.shared.pytabkit import fitted
from regbench.data.table import Float64


def fit(x: Float64, y: Float64, static: Static, seed: int) -> Iterator[Candidate]:
    """One candidate, trained until 16 epochs are no better on a fifth of the training rows; minutes on one core."""
    yield fitted("TabM_D_Regressor", x, y, static, seed, patience=int(static["patience"]))


BASELINE = Baseline(
    fit=fit,
    deterministic=False,
    cost=2e-2,
    requires="pytabkit",
    static={"patience": 16, "refits": 0},
    label="TabM (pytabkit)",
    colour="#5A4A3A",
    place=11,
    reference="Gorishniy, Kotelnikov, Babenko (2024), https://arxiv.org/abs/2410.24210",
)
