"""Input of the figures of encoders and of features: cells, and arrays of runs that are loaded when they are needed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regbench.data import Table
    from regbench.reports import Encoders, Recorded
    from regbench.store import Store


def encoders(store: "Store", benchmark: str | None) -> "Encoders":
    """The cells of a benchmark, and arrays that are loaded when they are needed."""
    from regbench import reports

    dimensions = {digest: len(low) for digest, (low, _) in store.target_ranges().items()}
    return reports.Encoders(store.cells(benchmark), dimensions, store.parameters, training_targets)


def features(store: "Store", benchmark: str | None) -> "Recorded":
    """The cells of a benchmark, and what its runs kept of features and weights."""
    from regbench import reports

    return reports.Recorded(store.cells(benchmark), store.recorded)


def training_targets(name: str, digest: str) -> "NDArray[np.float32] | None":
    """The scaled training targets (N, M) of a dataset, in the split that every seed shares; None if it is not here."""
    from regbench import data

    found = _table(name, digest)
    return None if found is None else data.prepared(found).y_train


def test_variance(name: str, digest: str) -> float | None:
    """The variance of the test labels in original units, the mean over dimensions; None if the data are not here."""
    from regbench import data

    found = _table(name, digest)
    if found is None:
        return None
    return float(data.prepared(found, targets="raw").y_test.astype("float64").var(0).mean())


def _table(name: str, digest: str) -> "Table | None":
    """The data of that digest, if they are here; nothing is fetched."""
    from regbench import catalog, data

    if name not in catalog.names("datasets"):
        return None
    dataset = catalog.load("datasets", name)
    if dataset.digest != digest or not data.is_here(dataset, name):
        return None
    return data.load(dataset, name)
