"""An estimator of scikit-learn that trains any method of the catalog."""

from collections.abc import Mapping, Sequence
from typing import Any, Self
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state, validation
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from regbench.errors import UsageError
from regbench.sklearn.asked import Asked, jobs, read_variant, seeds_of, whole
from regbench.sklearn.distribution import Distribution

FEWEST_ROWS = 6  # of a fit
validate_data: Any = validation.validate_data  # whose defaults "no_validation" type checkers take for its type
MOST_POINTS = 10_000


def _predicts_distribution(model: "EncoderDecoderRegressor") -> bool:
    """Whether the method has a CRPS, from which its distribution follows; for `hasattr`."""
    from regbench import catalog

    try:
        return "crps" in catalog.load("methods", read_variant(model.method).method).scores
    except UsageError as error:
        raise AttributeError(str(error)) from None


class EncoderDecoderRegressor(RegressorMixin, BaseEstimator):
    """A network that regresses by any method of regbench, with its regularizers; several seeds are one ensemble.

    All seeds are trained together, as one pack, on the same rows, and the prediction is their mean. Of each seed the
    epoch counts that was best on validation rows, which are drawn from the training data. Inputs and targets are scaled
    as everywhere in regbench; predictions have the unit of the target.

    Args:
        method: as on the command line: "end2end", "soft_binning[lambda_sigma=1]", "lsq+rot[gamma=0.01]", or a file of
            your own, "./my_loss.py".
        k: number of bins, for methods that use them.
        seeds: number of models in the ensemble.
        epochs, learning_rate, batch_size, weight_decay, dropout, clip, optimizer, schedule: of the training protocol;
            with None a batch has 1024 rows or fewer, depending on how many there are, and weight decay and dropout are
            those of the backbone.
        backbone: name of a network for columns, of `regbench list backbones`.
        options: of the backbone, such as {"width": 64, "layers": 3}.
        protocol: further fields of the protocol, as in benchmarks.yaml, such as {"warmup": 0.1, "decide": "val/mae"}.
        validation_fraction: of the rows, on which no model is trained. With 0 the last epoch counts.
        random_state: with a number r the seeds are r·seeds and those that follow, so 0 gives those of a benchmark.
        device: such as "cuda:1"; without it the first GPU, or else the CPU.

    Attributes:
        n_features_in_, feature_names_in_: as in every estimator.
        seeds_: of the models.
        history_: what was measured after each epoch, (epochs, seeds) by name, such as "train/loss" and "val/rmse", of
            scaled targets.
        best_epoch_: the epoch that counts for each seed, from 1; 0 for a model that diverged before its first was over.
        n_outputs_: dimensions of the target.
    """

    def __init__(
        self,
        method: str = "end2end",
        *,
        k: int = 25,
        seeds: int = 1,
        epochs: int = 100,
        learning_rate: float = 3e-3,
        batch_size: int | None = None,
        weight_decay: float | None = None,
        dropout: float | None = None,
        clip: float = 1.0,
        optimizer: str = "adam",
        schedule: str = "one_cycle",
        backbone: str = "mlp",
        options: Mapping[str, Any] | None = None,
        protocol: Mapping[str, Any] | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        device: str | None = None,
    ) -> None:
        self.method = method
        self.k = k
        self.seeds = seeds
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.clip = clip
        self.optimizer = optimizer
        self.schedule = schedule
        self.backbone = backbone
        self.options = options
        self.protocol = protocol
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (N, D) and y (N,) or (N, M).

        Raises:
            ValueError: a wrong parameter or wrong data, and where every model diverges.
        """
        x_ND, y_given = validate_data(
            self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, ensure_min_samples=FEWEST_ROWS
        )
        y_NM = np.asarray(y_given, dtype=np.float64).reshape(len(x_ND), -1)
        try:
            trained = self._train(x_ND, y_NM)
        except UsageError as error:
            raise ValueError(str(error)) from None
        if not trained.finite:
            raise ValueError("every model diverged in its first epoch; lower learning_rate, or look at the scale of y")
        if len(trained.finite) < len(trained.jobs):
            lost = [job.seed for row, job in enumerate(trained.jobs) if row not in trained.finite]
            warn(f"seeds {lost} diverged at once and are left out", ConvergenceWarning, stacklevel=2)
        self.n_outputs_ = y_NM.shape[1]
        self.seeds_ = [job.seed for job in trained.jobs]
        self.history_, self.best_epoch_ = trained.history, trained.best
        self._is_column = np.ndim(y_given) > 1
        self._trained = trained
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """The mean prediction of the ensemble: X (N, D) -> (N,), or (N, M) where y had columns."""
        y_NM = self._fitted().predict(self._inputs(X))
        return y_NM if self._is_column else y_NM[:, 0]

    @available_if(_predicts_distribution)
    def predict_quantiles(self, X: ArrayLike, levels: Sequence[float] = (0.05, 0.5, 0.95)) -> NDArray[np.float64]:
        """Quantiles of the predicted distribution, the mean of the models': X (N, D) -> (N, L), or (N, L, M).

        Only methods that predict a distribution have this; of several target dimensions they are the marginal ones.

        Args:
            X: the inputs.
            levels: between 0 and 1, without these.
        """
        asked = np.atleast_1d(np.asarray(levels, dtype=np.float64))
        if asked.ndim != 1 or not len(asked) or not ((asked > 0) & (asked < 1)).all():
            raise ValueError(f"levels must be numbers between 0 and 1, not {levels!r}")
        y_NLM = self._fitted().quantiles(self._inputs(X), asked.tolist())
        return y_NLM if self._is_column else y_NLM[:, :, 0]

    @available_if(_predicts_distribution)
    def predict_distribution(self, X: ArrayLike, points: int = 100) -> Distribution:
        """The predicted distribution as probabilities on a support: the mean of the models' distributions.

        Where bins decode to fixed values, the support is these values of all models, and the probabilities are exact.
        Otherwise (quantiles, ranks, Gaussians) it is `points` quantiles of equal probability.
        """
        whole("points", points, 2, MOST_POINTS)
        trained, x = self._fitted(), self._inputs(X)
        found = trained.on_bins(x)
        if found is None:
            levels = ((np.arange(points) + 0.5) / points).tolist()
            support = trained.quantiles(x, levels)
            probabilities = np.full_like(support, 1 / points)
        else:
            probabilities = found[1]
            support = np.broadcast_to(found[0], probabilities.shape)
        if self._is_column:
            return Distribution(support, probabilities)
        return Distribution(support[:, :, 0], probabilities[:, :, 0])

    def _train(self, x_ND: NDArray[np.float64], y_NM: NDArray[np.float64]) -> Any:
        """The trained models; imports torch."""
        from regbench import roots

        rows = len(x_ND)
        validation = self._validation_rows(rows)
        # A random_state that draws gives the seeds first and then the rows; a number gives each of them.
        state = check_random_state(self.random_state) if not isinstance(self.random_state, int | np.integer) else None
        seeds = seeds_of(self.seeds, self.random_state if state is None else state)
        shuffled = (np.random.RandomState(seeds[0] % 2**32) if state is None else state).permutation(rows)
        fields = {
            name: getattr(self, name)
            for name in (
                *("epochs", "learning_rate", "batch_size", "weight_decay", "dropout", "clip", "optimizer", "schedule"),
            )
        }
        if both := sorted(fields.keys() & dict(self.protocol or {})):
            raise UsageError(f"protocol: {both[0]} is a parameter of its own")
        asked = Asked(self.method, self.k, self.backbone, self.options or {}, {**fields, **(self.protocol or {})})
        wanted = jobs(asked, seeds, rows - validation)
        from regbench.sklearn.pack import Data, Trained

        data = Data(x_ND[shuffled], y_NM[shuffled], validation)
        return Trained(wanted, data, self.device or _device(), roots.added().places)

    def _validation_rows(self, rows: int) -> int:
        fraction = self.validation_fraction
        if isinstance(fraction, bool) or not isinstance(fraction, int | float | np.number) or not 0 <= fraction < 1:
            raise UsageError(f"validation_fraction must be a number from 0 to below 1, not {fraction!r}")
        wanted = min(round(float(fraction) * rows), rows - 2)
        return max(wanted, 1) if fraction else 0

    def _fitted(self) -> Any:
        check_is_fitted(self)
        return self._trained

    def _inputs(self, X: ArrayLike) -> NDArray[np.float64]:
        return validate_data(self, X, dtype=np.float64, reset=False)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
