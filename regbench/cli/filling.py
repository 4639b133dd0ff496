"""Published runs of the benchmark that a table shows, for `report --with`."""

from pathlib import Path
from typing import TYPE_CHECKING

from regbench import variants
from regbench.campaign import places
from regbench.cli.output import say
from regbench.cli.reading import cells_only
from regbench.errors import NothingMeasured, some

if TYPE_CHECKING:
    import pandas as pd

    from regbench.analysis.filling import Cells
    from regbench.store import Store


def filled_from(named: str, mine: "Store", benchmark: str | None, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The cells of a benchmark, filled from the exports below a folder that have the same one."""
    from regbench import store
    from regbench.analysis.filling import Cells, filled

    folder = places.published(named)
    exports = store.benchmarks_below(folder)
    wanted = variants.bare(benchmark or "")
    having = [place for place, names in exports.items() if wanted in names]
    if not having:
        known = sorted({name for names in exports.values() for name in names})
        raise NothingMeasured(f"--with: no published runs of {wanted} in {folder}; there are: {some(known) or 'none'}")
    metrics = [column.removeprefix("test_") for column in map(str, frame) if column.startswith("test_")]
    known_here = mine.conditions(benchmark or "")
    for place in having:
        theirs = _cells(place, wanted, metrics)
        frame = filled(Cells(frame, known_here), theirs)
        known_here = {**theirs.conditions, **known_here}
    return frame


def _cells(place: Path, benchmark: str, metrics: list[str]) -> "Cells":
    """The cells of one export."""
    from regbench.analysis.filling import Cells

    with places.exports(place, cells_only(), say) as theirs:
        return Cells(theirs.cells(benchmark, metrics=metrics), theirs.conditions(benchmark), str(place))
