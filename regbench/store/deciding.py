"""Select the epoch of a run that counts: the best by the validation metric that the job's protocol names."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func

from regbench import catalog, metrics
from regbench.job import DECIDE
from regbench.store.models import JobRow, MetricRow


def decides() -> ColumnElement[str]:
    """The name of the deciding metric of a job, as an SQL expression."""
    return func.coalesce(JobRow.config["protocol"]["decide"].as_string(), DECIDE)


def decides_of(config: Mapping[str, Any]) -> str:
    """The name of the deciding metric of a job given as plain data."""
    return config["protocol"].get("decide", DECIDE)


def from_best(metric: type[MetricRow] = MetricRow) -> ColumnElement[float]:
    """A sort key that puts the best value of a metric first: the value, or minus it if higher is better."""
    return case((metric.name.in_(highest()), -metric.value), else_=metric.value)


def highest() -> list[str]:
    """The metrics of validation rows for which higher is better."""
    return [f"val/{name}" for name in catalog.names("metrics") if metrics.about(name).better == "high"]
