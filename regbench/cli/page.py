"""Read what `regbench report html` shows: the frames of one benchmark, and the reason for each that is not there."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from regbench.reports.html.inputs import Inputs
    from regbench.store import Store


def gather(
    cells: "Store", curves: "Store", benchmark: str | None, metric: str, others: Mapping[str, Callable[[], Any]]
) -> "Inputs":
    """The inputs of the page; `others` read what only some benchmarks have, by the name of the field of `Inputs`."""
    from regbench.analysis.aggregate import shown_with
    from regbench.analysis.scale import check_recorded
    from regbench.campaign.why.every import every
    from regbench.reports.html.inputs import ALSO, MOST_EPOCHS, Inputs

    frame = cells.cells(benchmark, metrics=[*shown_with(metric), *ALSO])
    check_recorded(frame, metric)
    name = str(frame.attrs["benchmark"])
    found, why = {}, {}
    names = [f"{part}/{metric}" for part in ("val", "test")]
    reads = {"curves": lambda: curves.curves(name, names=names, most_epochs=MOST_EPOCHS), **others}
    for field, read in reads.items():
        try:
            found[field] = read()
        except (NothingMeasured, UsageError) as error:
            why[field] = str(error)
    said = str(cells.config(name).get("description") or "")
    return Inputs(frame, origins=every(cells, frame, name), description=said, why=why, **found)
