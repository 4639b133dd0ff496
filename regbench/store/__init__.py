"""Every read and write of results, in words of the domain; no other package knows SQL."""

from typing import TYPE_CHECKING, Any

from regbench.store.store import Store
from regbench.store.values import Checkpoint, Claim, EpochRows, Failure, Finished, FinishedRun, Resumable, Standing

if TYPE_CHECKING:
    from regbench.store.transfer import Moved, export, import_

__all__ = [
    "Checkpoint",
    "Claim",
    "EpochRows",
    "Failure",
    "Finished",
    "FinishedRun",
    "Moved",
    "Resumable",
    "Standing",
    "Store",
    "export",
    "import_",
]


def __getattr__(name: str) -> Any:
    """Load pyarrow and pandas only for those who move results."""
    if name not in {"Moved", "export", "import_"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from regbench.store import transfer

    return getattr(transfer, name)
