"""scikit-learn's own checks of an estimator: what it promises to pipelines, searches and copies. None is exempt."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from regbench.sklearn import EncoderDecoderRegressor
from tests.sklearn.made import SMALL


@parametrize_with_checks([EncoderDecoderRegressor("end2end", k=5, seeds=2, **SMALL)])
def test_an_estimator_is_one_of_scikit_learns(estimator, check):
    check(estimator)


OTHERS = ["lsq", "gaussian_nll", "soft_binning+multi_target[m=2]", "lsq+ranksim"]


@pytest.mark.slow  # some 50 checks of each, which fit a hundred times
@parametrize_with_checks(
    [
        EncoderDecoderRegressor(),
        *(EncoderDecoderRegressor(method, k=5, **{**SMALL, "epochs": 40}) for method in OTHERS),
    ]
)
def test_so_it_is_with_other_methods_and_as_it_comes(estimator, check):
    check(estimator)
