"""What is stored of the two rows of a question: their cells, the noise of each dataset, the seeds that were tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regbench import analysis
from regbench.analysis import Comparison, allocation, scale
from regbench.analysis.aggregate import null, records
from regbench.analysis.allocation import Noise
from regbench.analysis.comparable import comparable
from regbench.analysis.pairing import pair
from regbench.analysis.select import pick
from regbench.analysis.sequential import Looks
from regbench.campaign.deciding.question import Question
from regbench.campaign.kept import kept_rows
from regbench.campaign.places import database
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from pandas import DataFrame

METRIC, ROPE, LEVEL = "rmse", 0.01, 0.95  # as `compare` has them


@dataclass
class Data:
    """The finished seeds of both rows.

    tried: by dataset; also those that diverged, of which there is no pair.
    seconds: of finished jobs, by key.
    """

    noise: dict[str, Noise]
    frame: "DataFrame | None" = None
    tried: dict[str, set[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def pairs(self) -> int:
        """Pairs of seeds over all datasets."""
        return sum(each.pairs for each in self.noise.values())

    @property
    def has_interval(self) -> bool:
        """Whether every dataset shows a spread."""
        return self.frame is not None and all(each.pairs > 1 for each in self.noise.values())


def read(db: str, question: Question, name: str) -> Data:
    """What a benchmark of the database has."""
    nothing = Data(dict.fromkeys(question.rows, Noise(0, None)))
    with database(db) as store:
        if name not in set(store.benchmarks()["name"]):
            return nothing
        cells = store.cells(name)
    frame = cells[cells["dataset"].isin(list(question.rows))]
    frame.attrs = dict(cells.attrs)
    try:
        rows = comparable(frame)
        parts = tuple(pick(rows, row.name) for row in (question.a, question.b))
    except (NothingMeasured, UsageError):  # it was run without one of them
        return nothing
    measure = scale.of(METRIC)
    pairs, _ = pair((parts[0], parts[1]), (question.a.name, question.b.name), measure)
    logs = {name: measure.apart(values.errors) for name, values in pairs.items()}
    ran = [[row for row in records(part) if null(row["run_id"]) is not None] for part in parts]
    tried = {dataset: _seeds_of_both(ran, dataset) for dataset in question.rows}
    seconds = {row["job_key"]: float(null(row["seconds"]) or 0.0) for each in ran for row in each}
    return Data({**nothing.noise, **allocation.of_logs(logs)}, frame if pairs else None, tried, seconds)


def compare(db: str, question: Question, data: Data, looks: Looks | None) -> Comparison | None:
    """The verdict on these data, at some looks; None without data."""
    if data.frame is None:
        return None
    a, b = question.a.name, question.b.name
    with database(db) as store:
        kept = kept_rows(store)
        return analysis.compare(data.frame, a, b, metric=METRIC, rope=ROPE, level=LEVEL, kept=kept, looks=looks)


def _seeds_of_both(ran: Sequence[Sequence[Mapping[str, Any]]], dataset: str) -> set[int]:
    """The seeds of which both rows have a finished run."""
    return set.intersection(*({int(row["seed"]) for row in rows if row["dataset"] == dataset} for rows in ran))
