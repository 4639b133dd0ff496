"""Select the epoch of a run that counts: the best by the validation metric that the job's protocol names."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from regbench import catalog, metrics
from regbench.job import DECIDE
from regbench.owncommands import BETTER
from regbench.store.models import JobRow, MetricRow

HIGH = "high"


def decides() -> ColumnElement[str]:
    """The name of the deciding metric of a job, as an SQL expression."""
    return func.coalesce(JobRow.config["protocol"]["decide"].as_string(), DECIDE)


def decides_of(config: Mapping[str, Any]) -> str:
    """The name of the deciding metric of a job given as plain data."""
    return config["protocol"].get("decide", DECIDE)


def rises() -> ColumnElement[bool]:
    """Whether a job says that higher is better of its deciding metric, which then is none of ours, as SQL."""
    return func.coalesce(JobRow.config["options", BETTER].as_string(), "") == HIGH


def reported(connection: Connection) -> list[tuple[str, str]]:
    """The deciding metrics that are none of ours, without `val/`, and whether `high` or `low` is better."""
    better = JobRow.config["options", BETTER].as_string()
    query = select(decides(), better).distinct().where(JobRow.backbone == "none", better.is_not(None))
    return [(name.removeprefix("val/"), said) for name, said in connection.execute(query)]


def rises_of(config: Mapping[str, Any]) -> bool:
    """The same of a job given as plain data."""
    return config.get("options", {}).get(BETTER) == HIGH


def from_best(metric: type[MetricRow] = MetricRow) -> ColumnElement[float]:
    """A sort key that puts the best value of a metric of ours first: the value, or minus it if higher is better."""
    return case((metric.name.in_(highest()), -metric.value), else_=metric.value)


def highest() -> list[str]:
    """The metrics of validation rows for which higher is better."""
    return [f"val/{name}" for name in catalog.names("metrics") if metrics.about(name).better == "high"]
