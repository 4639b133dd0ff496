"""Kendall's τ of features: how well the order of their cosine distances agrees with that of the labels.

τ_b of the cosine distances of features and the Euclidean distances of labels, over all pairs of rows: concordant minus
discordant couples of pairs, corrected for ties. NaN if features or labels do not vary.
"""

from torch import Tensor

from regbench.metrics.shared import pairs
from regbench.types import Features, Metric


def kendall_cosine(features: Features) -> Tensor:
    """τ_b of one model (), in float64."""
    return pairs.kendall(pairs.cosine(features.z), features.y)


METRIC = Metric(
    label="Kendall cos",
    symbol="τ cos",
    better="high",
    unit="none",
    needs="features",
    compute=kendall_cosine,
    reference="Zhang, Yan, Yao (2025), Improving Deep Regression with Tightness, Table 4",
)
