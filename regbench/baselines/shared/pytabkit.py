"""Networks of the package pytabkit as baselines, with the settings that their authors publish as defaults."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from regbench.baselines.baseline import Candidate, Static, each_dimension
from regbench.data.table import Float64


def fitted(estimator: str, x: Float64, y: Float64, static: Static, seed: int, **settings: int) -> Candidate:
    """One model per target dimension.

    The package chooses the epoch on a fifth of the rows that it is given, which are the training rows: as by default it
    does not fit these, unless `refits` asks for models of all training rows, trained up to that epoch.

    Args:
        estimator: the name of a class of pytabkit.
        x: (N, D).
        y: (N, M).
        static: `refits`, their number.
        seed: of the held-out rows, weights and batches.
        settings: of the class.
    """
    settings |= {"random_state": seed, "n_refit": int(static["refits"])}
    models = [_model(estimator, settings).fit(x, target) for target in y.T]
    return Candidate({}, each_dimension([partial(_predicted, model) for model in models]))


def _model(estimator: str, settings: Mapping[str, int]) -> Any:
    import pytabkit  # type: ignore[import-not-found] - if it is not installed

    return getattr(pytabkit, estimator)(device="cpu", n_threads=1, verbosity=0, **settings)


def _predicted(model: Any, x: Float64) -> Float64:
    """Predictions (R,) of rows (R, D)."""
    return np.asarray(model.predict(x), dtype=np.float64).reshape(len(x))
