"""The part of a run that is exported or read: everything, or only what tables and figures need."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Select, case, func, literal, or_, select, union
from sqlalchemy.sql.selectable import CTE

from regbench import catalog
from regbench.job import DECIDE
from regbench.metrics import SHOTS, USUAL
from regbench.store.deciding import decides, from_best, highest, rises
from regbench.store.models import JobRow, MetricRow, RunRow

CURVES = (
    *(f"{part}/{metric}" for metric in catalog.names("metrics") for part in ("val", "test")),
    *(f"{part}/{shot}/{metric}" for shot in SHOTS for metric in USUAL for part in ("val", "test")),
    *("encoder/entropy", "encoder/rmse", "decoder/spread", "stage1/seconds"),
)

RISING = "-"  # before the name of a deciding metric that is none of ours, of which higher is better


@dataclass(frozen=True, kw_only=True)
class Part:
    """The selected part of each run; by default everything.

    Without `every_epoch` these epochs remain: epoch 0 (values measured once), the best one by the deciding validation
    metric (RMSE unless the protocol names another), the last one where this metric is finite, and the last one. These
    are all epochs that `Store.cells` reads.
    """

    every_epoch: bool = True
    names: Collection[str] | None = None  # names of metrics; None for all
    predictions: bool = True
    recorded: bool = True  # arrays kept for figures
    failures: bool = True  # whether to include runs that did not finish

    @property
    def left_out(self) -> list[str]:
        """What is left out, as text."""
        epochs = "all epochs but the best by validation RMSE and the last"
        metrics = f"all metrics but {', '.join(sorted(self.names or ()))}"
        return [
            *([] if self.every_epoch else [epochs]),
            *([] if self.names is None else [metrics]),
            *([] if self.predictions else ["predictions"]),
            *([] if self.recorded else ["arrays recorded for figures"]),
            *([] if self.failures else ["runs that did not finish"]),
        ]


WHOLE = Part()
DISTILLED = Part(every_epoch=False, predictions=False, recorded=False, failures=False)
DISTILLED_CURVES = Part(names=CURVES, predictions=False, recorded=False, failures=False)


def ends(runs: Select) -> CTE:
    """The epochs (run_id, epoch) of these runs that remain without `every_epoch`."""
    place = func.row_number()
    best = case((rises(), -MetricRow.value), else_=from_best())
    places = (
        select(
            MetricRow.run_id,
            MetricRow.epoch,
            place.over(partition_by=MetricRow.run_id, order_by=(best, MetricRow.epoch)).label("best"),
            place.over(partition_by=MetricRow.run_id, order_by=MetricRow.epoch.desc()).label("last"),
        )
        .join(RunRow, RunRow.id == MetricRow.run_id)
        .join(JobRow, JobRow.id == RunRow.job_id)
        .where(MetricRow.name == decides(), MetricRow.value.is_not(None), MetricRow.run_id.in_(runs))
        .subquery()
    )
    finite = select(places.c.run_id, places.c.epoch).where(or_(places.c.best == 1, places.c.last == 1))
    written = select(RunRow.id, RunRow.epochs).where(RunRow.id.in_(runs))
    once = select(RunRow.id, literal(0)).where(RunRow.id.in_(runs))
    return union(finite, written, once).cte("ends")


def only_ends(metrics: pa.Table, deciding: Mapping[str, str]) -> pa.Table:
    """The rows of a table of metrics (run, name, epoch, value) at the epochs that `ends` selects.

    `deciding` maps a run to its deciding metric, if that is not the usual one; behind `RISING` if it is none of ours
    and higher is better.
    """
    frame = metrics.select(["run", "name", "epoch", "value"]).to_pandas()
    named = frame["name"] == DECIDE
    if deciding:
        bare = {run: name.removeprefix(RISING) for run, name in deciding.items()}
        named = frame["name"].astype(str) == frame["run"].astype(str).map(bare).fillna(DECIDE)
    finite = frame[named & frame["value"].notna()]
    if deciding:
        rising = finite["run"].isin([run for run, name in deciding.items() if name.startswith(RISING)])
        higher = finite["name"].isin(highest()) | rising
        finite = finite.assign(value=finite["value"].where(~higher, -finite["value"]))
    finite = finite.sort_values(["value", "epoch"], kind="stable")
    best = finite.drop_duplicates("run").set_index("run")["epoch"]
    last = [rows.groupby("run", observed=True)["epoch"].max() for rows in (finite, frame)]
    kept = frame["epoch"] == 0
    for chosen in (best, *last):
        kept |= frame["epoch"] == frame["run"].map(chosen).astype("float64")
    return metrics.filter(pa.array(kept))


def only(metrics: pa.Table, part: Part, deciding: Mapping[str, str]) -> pa.Table:
    """The rows of a table of metrics that belong to a part; `deciding` as in `only_ends`."""
    if part.names is not None:
        names = {*part.names, *(name.removeprefix(RISING) for name in deciding.values())}
        metrics = metrics.filter(pa.array(metrics["name"].to_pandas().isin(names)))
    return metrics if part.every_epoch else only_ends(metrics, deciding)
