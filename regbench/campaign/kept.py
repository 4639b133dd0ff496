"""What runs kept of their test rows: predictions from the store, and the targets from the data, if both are here."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regbench.analysis.drawn_rows import Kept, Rows
    from regbench.store import Store


def kept_rows(store: "Store") -> "Kept":
    """A function from a row of `Store.cells` to its run's test predictions and targets; nothing is fetched."""
    from regbench.analysis.drawn_rows import Rows

    @cache  # each run is in the comparison of its method with every other one
    def predictions(run: int) -> "NDArray[np.float32] | None":
        return store.predictions(run).get("test")

    def rows(job: Mapping[str, Any]) -> "Rows | None":
        predicted = predictions(int(job["run_id"]))
        if predicted is None:
            return None
        y = _test_targets(job["dataset"], job["digest"], job["split"], job["targets"])
        return None if y is None else Rows(predicted, y)

    return rows


@cache
def _test_targets(name: str, digest: str, split: str, targets: str) -> "NDArray[np.float32] | None":
    """The test targets (N, M) of a split that every seed shares, "scaled" or "raw"; None if the data are not here."""
    from regbench import catalog, data

    if name not in catalog.names("datasets"):
        return None
    dataset = catalog.load("datasets", name)
    if dataset.digest != digest or not data.is_here(dataset, name):
        return None
    return data.prepared(data.load(dataset, name), split, targets=targets).y_test
