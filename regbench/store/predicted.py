"""Predictions of an export as a table that pandas reads: a row for each number, in the units of the target."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Row, Select, select

from regbench.store.models import DatasetRow, JobRow, PredictionRow, RunRow
from regbench.store.runs import unpacked

FILE = "predicted.parquet"
FIELDS = {
    "dataset": pa.dictionary(pa.int32(), pa.string()),
    "variant": pa.dictionary(pa.int32(), pa.string()),
    "k": pa.int64(),
    "seed": pa.int64(),
    "run": pa.dictionary(pa.int32(), pa.string()),
    "split": pa.dictionary(pa.int32(), pa.string()),
    "epoch": pa.int64(),
    "row": pa.int64(),
    "dimension": pa.int64(),
    "prediction": pa.float64(),
}


def write(connection: Connection, runs: Select, path: Path) -> None:
    """Write the predictions of these runs (their ids), one row group per run and split.

    They are null where the dataset is not stored, so that their units are unknown.
    """
    query = (
        select(
            JobRow.dataset,
            JobRow.variant,
            JobRow.k,
            JobRow.seed,
            JobRow.config,
            RunRow.uuid.label("run"),
            PredictionRow.split,
            PredictionRow.epoch,
            PredictionRow.rows,
            PredictionRow.targets,
            PredictionRow.data,
            DatasetRow.target_low,
            DatasetRow.target_high,
        )
        .select_from(PredictionRow)
        .join(RunRow, RunRow.id == PredictionRow.run_id)
        .join(JobRow, JobRow.id == RunRow.job_id)
        .outerjoin(DatasetRow, DatasetRow.digest == JobRow.digest)
        .where(RunRow.id.in_(runs))
        .order_by(PredictionRow.run_id, PredictionRow.split)
    )
    schema = pa.schema([pa.field(name, kind) for name, kind in FIELDS.items()])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for found in connection.execute(query, execution_options={"yield_per": 16}):
            values = _in_units_of_target(found)
            row, dimension = np.indices((found.rows, found.targets))
            columns = {name: [getattr(found, name)] * row.size for name in list(FIELDS)[:-3]}
            columns |= {"row": row.ravel(), "dimension": dimension.ravel()}
            columns["prediction"] = [None] * row.size if values is None else values.ravel()
            writer.write_table(
                pa.table([pa.array(columns[name], kind) for name, kind in FIELDS.items()], schema=schema)
            )


def _in_units_of_target(found: Row) -> np.ndarray | None:
    """Predictions (N, M) in the units of the target; None where they are scaled and its range is not known."""
    stored = unpacked(found.data, (found.rows, found.targets)).astype(np.float64)
    if found.config["protocol"].get("targets") == "raw":
        return stored
    if found.target_low is None:
        return None
    low, high = (np.asarray(bound, dtype=np.float64) for bound in (found.target_low, found.target_high))
    if not {low.size, high.size} <= {1, found.targets}:  # of a damaged row
        return None
    return low + stored * (high - low)
