"""Which epoch of a run counts: the best one by the validation metric that its job's protocol names."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func

from regbench import catalog, metrics
from regbench.job import DECIDE
from regbench.store.models import JobRow, MetricRow


def decides() -> ColumnElement[str]:
    """The name of the metric that decides for the job of a row."""
    return func.coalesce(JobRow.config["protocol"]["decide"].as_string(), DECIDE)


def decides_of(config: Mapping[str, Any]) -> str:
    """The same, from a job as plain data."""
    return config["protocol"].get("decide", DECIDE)


def from_best(metric: type[MetricRow] = MetricRow) -> ColumnElement[float]:
    """What puts the epochs of a deciding metric in order, the best first: its value, or less it where high is good."""
    return case((metric.name.in_(highest()), -metric.value), else_=metric.value)


def highest() -> list[str]:
    """The metrics of validation rows that are better where they are higher."""
    return [f"val/{name}" for name in catalog.names("metrics") if metrics.about(name).better == "high"]
