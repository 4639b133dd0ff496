"""Jobs whose results other tools gave: they were never run here, and cannot be; their predictions can be measured."""

from typing import TYPE_CHECKING

from regbench import metrics
from regbench.job import Job, Pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMPORTED = "imported"  # the option of a job that says so, and what the environment of its runs says of their origin


def mark() -> Pairs:
    """The options of an imported job, which make its key another than that of any job that is run here."""
    return ((IMPORTED, True),)


def is_imported(job: Job) -> bool:
    """Whether the results of a job were imported from another tool."""
    return bool(dict(job.options).get(IMPORTED))


def errors(
    prediction: "NDArray[np.float64]",
    y: "NDArray[np.float64]",
    shares: "NDArray[np.float64]",
    atoms_KB: "NDArray[np.float64]",
    *,
    positive: bool,
    shots: "NDArray[np.int64] | None",
) -> dict[str, float]:
    """Our metrics of predictions (N,) of targets (N,), by name.

    shares, atoms_KB: of a predicted distribution with K atoms (K, N), the probability of each (K,): gives CRPS too.
    positive: whether all targets of the dataset are.
    shots: of each row, as in `metrics.measure`.
    """
    import torch

    from regbench.metrics.crps import of_atoms

    y_N1, predicted = torch.from_numpy(y)[:, None], torch.from_numpy(prediction)[None, :, None]
    functions = metrics.of_predictions(positive=positive)
    measured = metrics.measure(functions, predicted, y_N1, None if shots is None else torch.from_numpy(shots))
    found = {name: float(value) for name, value in measured.items()}
    if len(shares):
        shares_MK1, atoms_MKB = torch.from_numpy(shares)[None, :, None], torch.from_numpy(atoms_KB)[None]
        found["crps"] = float(of_atoms(shares_MK1.expand_as(atoms_MKB), atoms_MKB, y_N1).mean())
    return found
