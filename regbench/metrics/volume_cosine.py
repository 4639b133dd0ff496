"""Volume of features: the mean cosine distance of two rows.

1 - cos over all pairs of rows; smaller is tighter. Features that differ in length only have none.
"""

from torch import Tensor

from regbench.metrics.shared import pairs
from regbench.types import Features, Metric


def volume_cosine(features: Features) -> Tensor:
    """The mean distance of one model (), in float64."""
    return pairs.cosine(features.z).mean()


METRIC = Metric(
    label="Volume cos",
    symbol="V cos",
    better="low",
    unit="none",
    needs="features",
    compute=volume_cosine,
    reference="Zhang, Yan, Yao (2025), Improving Deep Regression with Tightness, Table 4",
)
