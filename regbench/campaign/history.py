"""The runs of a store, newest first, filtered as the command line asks."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from regbench import analysis
from regbench.analysis.aggregate import null, records
from regbench.errors import NothingMeasured, UsageError, did_you_mean

if TYPE_CHECKING:
    from regbench.store import Store

DIVERGED = "diverged"  # finished, but a number was not finite
STATUSES = ("finished", "failed", "interrupted", "running", DIVERGED)


def runs(
    store: "Store",
    benchmark: str | None = None,
    *,
    status: str | None = None,
    datasets: Collection[str] = (),
    methods: Collection[str] = (),
    k: Collection[int] = (),
    seeds: Collection[int] = (),
) -> list[dict[str, Any]]:
    """The runs that pass all filters, newest first; `Store.runs` describes their fields.

    Raises:
        UsageError: there is no such status, dataset or method.
        NothingMeasured: no run passes.
    """
    if status is not None and status not in STATUSES:
        raise UsageError(f"--status {status}: there is no such status{did_you_mean(status, STATUSES)}")
    frame = store.runs(benchmark, status="finished" if status == DIVERGED else status)
    if status == DIVERGED:
        frame = frame[frame["diverged_at"].notna()]
    if seeds:
        frame = frame[frame["seed"].isin(list(seeds))]
    if frame.empty:
        raise NothingMeasured(f"no {f'{status} ' if status else ''}run is here{' of these seeds' if seeds else ''}")
    if datasets or methods or k:
        frame = analysis.select(frame, datasets=datasets, methods=methods, k=k)
    return [
        {name: value if isinstance(value, list) else null(value) for name, value in row.items()}
        for row in records(frame)
    ]
