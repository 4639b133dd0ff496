"""All reading and writing of results, in terms of jobs and runs; no other package uses SQL."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from regbench.store.patience import Patience
from regbench.store.patience import of_a_run as patience_of_a_run
from regbench.store.store import Store
from regbench.store.values import (
    Adoption,
    Checkpoint,
    Choice,
    Claim,
    EpochRows,
    Execution,
    Failure,
    Finished,
    FinishedRun,
    Member,
    Removal,
    Resumable,
    RunningPack,
    Score,
    Snapshot,
    Standing,
    StoredDataset,
    Trained,
)

if TYPE_CHECKING:
    from regbench.store.folder import benchmarks_below, exports, holding, opened
    from regbench.store.importing import import_
    from regbench.store.merging import Merged, merge, merged
    from regbench.store.part import DISTILLED, DISTILLED_CURVES, WHOLE, Part
    from regbench.store.transfer import Moved, export, export_adoptions
    from regbench.store.witnesses import Effect, Pair, Witness

LAZY = {
    **dict.fromkeys(("Moved", "export", "export_adoptions"), "transfer"),
    "import_": "importing",
    **dict.fromkeys(("Merged", "merge", "merged"), "merging"),
    **dict.fromkeys(("Effect", "Pair", "Witness"), "witnesses"),
    **dict.fromkeys(("DISTILLED", "DISTILLED_CURVES", "WHOLE", "Part"), "part"),
    **dict.fromkeys(("benchmarks_below", "exports", "holding", "opened"), "folder"),
}  # name -> module; these load pyarrow and pandas, which only export and import need

__all__ = [
    "DISTILLED",
    "DISTILLED_CURVES",
    "WHOLE",
    "Adoption",
    "Checkpoint",
    "Choice",
    "Claim",
    "Effect",
    "EpochRows",
    "Execution",
    "Failure",
    "Finished",
    "FinishedRun",
    "Member",
    "Merged",
    "Moved",
    "Pair",
    "Part",
    "Patience",
    "Removal",
    "Resumable",
    "RunningPack",
    "Score",
    "Snapshot",
    "Standing",
    "Store",
    "StoredDataset",
    "Trained",
    "Witness",
    "benchmarks_below",
    "export",
    "export_adoptions",
    "exports",
    "holding",
    "import_",
    "merge",
    "merged",
    "opened",
    "patience_of_a_run",
]


def __getattr__(name: str) -> Any:
    """Load the modules that export and import results on first use."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"regbench.store.{LAZY[name]}"), name)
