"""Spearman's ρ of features: how well the order of their Euclidean distances agrees with that of the labels.

The rank correlation of the Euclidean distances of features with the Euclidean distances of labels, over all pairs of
rows. It is 1 if nearer labels always have nearer features, and NaN if features or labels do not vary.
"""

from torch import Tensor

from regbench.metrics.shared import pairs
from regbench.types import Features, Metric


def spearman_euclidean(features: Features) -> Tensor:
    """The correlation of one model (), in float64."""
    return pairs.spearman(pairs.euclidean(features.z), features.y)


METRIC = Metric(
    label="Spearman euc",
    symbol="ρ euc",
    better="high",
    unit="none",
    needs="features",
    compute=spearman_euclidean,
    reference="Zhang, Yan, Yao (2025), Improving Deep Regression with Tightness, Table 4",
)
