"""Geometric mean error, which weighs relative changes of small and large errors alike.

(Π |ŷ - y|)^(1/n) = exp(mean log |ŷ - y|) over rows and target dimensions together. A single exact
prediction makes it 0.
"""

from torch import Tensor

from regbench.types import Metric


def gme(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The error of each job (J,), in float64."""
    return (prediction_JNM.double() - y_NM.double()).abs().log().mean((1, 2)).exp()


METRIC = Metric(
    label="GME",
    symbol="GM",
    better="low",
    unit="target",
    needs="predictions",
    compute=gme,
    reference="Yang et al. (2021), ICML, section 4, https://arxiv.org/abs/2102.09554",
)
