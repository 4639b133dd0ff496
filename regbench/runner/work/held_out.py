"""Errors of a run on held-out rows whose inputs a training row has too, and on the others."""

from collections.abc import Mapping

import numpy as np

from regbench import metrics
from regbench.data import Prepared, seen_rows


class HeldOut:
    """The validation and test rows, and which of them are seen; asked at every epoch that is the best so far."""

    def __init__(self, data: Prepared) -> None:
        import torch

        self.y = {"val": data.y_val, "test": data.y_test}
        self.seen = seen_rows(data)
        functions = metrics.of_predictions()
        self._functions = {name: functions[name] for name in metrics.USUAL}
        self._parts = [
            (part, name, rows, torch.from_numpy(self.y[part][rows]))
            for part, seen_N in self.seen.items()
            for name, rows in zip(metrics.ROWS, (seen_N.nonzero()[0], (~seen_N).nonzero()[0]), strict=True)
            if len(rows)
        ]

    def errors(self, predictions: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Errors by name, such as `test/unseen/rmse`, of predictions (N, M) by part; none where there are no rows."""
        import torch

        found = {}
        for part, name, rows, y in self._parts:
            y_hat = torch.from_numpy(predictions[part][rows])[None]
            for metric, function in self._functions.items():
                found[f"{part}/{name}/{metric}"] = float(function(y_hat, y))
        return found
