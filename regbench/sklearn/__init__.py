"""The methods as estimators of scikit-learn, for data of your own.

    from regbench.sklearn import EncoderDecoderRegressor

    model = EncoderDecoderRegressor(method="end2end", k=25, seeds=5).fit(x, y)
    model.predict(x_new)                                  # the mean over the seeds
    model.predict_quantiles(x_new, levels=(0.05, 0.95))   # where the method predicts a distribution

The seeds are one pack of regbench's own training. No database is read or written.
"""

from regbench.sklearn.distribution import Distribution
from regbench.sklearn.estimator import EncoderDecoderRegressor

__all__ = ["Distribution", "EncoderDecoderRegressor"]
