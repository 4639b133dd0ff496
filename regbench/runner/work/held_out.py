"""Errors of a run on held-out rows whose inputs a training row has too, and on the others."""

from collections.abc import Mapping

import numpy as np

from regbench import metrics
from regbench.data import Prepared, seen_rows


class HeldOut:
    """The targets of the validation and test rows, and which of them are seen."""

    def __init__(self, data: Prepared) -> None:
        self.y = {"val": data.y_val, "test": data.y_test}
        self.seen = seen_rows(data)

    def errors(self, predictions: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Errors by name, such as `test/unseen/rmse`, of predictions (N, M) by part; none where there are no rows."""
        import torch

        functions = metrics.of_predictions()
        found = {}
        for part, seen_N in self.seen.items():
            for name, rows in zip(metrics.ROWS, (seen_N, ~seen_N), strict=True):
                if not rows.any():
                    continue
                y_hat, y = (torch.from_numpy(values[rows]) for values in (predictions[part], self.y[part]))
                for metric in metrics.USUAL:
                    found[f"{part}/{name}/{metric}"] = float(functions[metric](y_hat[None], y))
        return found
