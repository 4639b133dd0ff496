"""Volume of features: the mean Euclidean distance of two rows.

‖z - z'‖ over all pairs of rows; smaller is tighter. It grows with the scale of the features, so only features of one
scale can be compared; `volume_cosine` has no scale.
"""

from torch import Tensor

from regbench.metrics.shared import pairs
from regbench.types import Features, Metric


def volume_euclidean(features: Features) -> Tensor:
    """The mean distance of one model (), in float64."""
    return pairs.euclidean(features.z).mean()


METRIC = Metric(
    label="Volume euc",
    symbol="V euc",
    better="low",
    unit="none",
    needs="features",
    compute=volume_euclidean,
    reference="Zhang, Yan, Yao (2025), Improving Deep Regression with Tightness, Table 4",
)
