"""Writes of workers: the numbers of epochs, and how runs end. A worker that has lost its lease writes nothing."""

import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, update

from regbench.store.leases import give_back, hold
from regbench.store.models import MetricRow, ParameterRow, PredictionRow, RecordedRow, RunRow
from regbench.store.sql import chunks, insert_new, now
from regbench.store.values import EpochRows, Finished

Rows = list[dict[str, Any]]


def stage(epochs: Sequence[EpochRows]) -> Rows:
    """Rows for `write` of the arrays of these epochs, compressed before the transaction, so that it is short."""
    return [
        {
            "run_id": epoch.run_id,
            "epoch": epoch.epoch,
            "name": name,
            "shape": list(array.shape),
            "data": packed(array),
        }
        for epoch in epochs
        for name, array in epoch.arrays.items()
    ]


def write(
    connection: Connection,
    epochs: Sequence[EpochRows],
    arrays: Rows,
    tokens: Mapping[int, int],
    also: Collection[int] = (),
) -> set[int]:
    """Store the epochs of runs whose lease is held (run -> token); returns the refused runs, `also` included.

    arrays: what `stage` made of the same epochs.
    """
    runs = {epoch.run_id for epoch in epochs} | set(also)
    held = hold(connection, {run: tokens[run] for run in runs if run in tokens})
    accepted = [epoch for epoch in epochs if epoch.run_id in held]
    insert_new(connection, MetricRow, [row for epoch in accepted for row in _metric_rows(epoch)])
    insert_new(connection, RecordedRow, [row for row in arrays if row["run_id"] in held])
    last: dict[int, int] = {}
    for epoch in accepted:
        last[epoch.run_id] = max(epoch.epoch, last.get(epoch.run_id, 0))
    if last:
        known = update(RunRow).where(RunRow.id == bindparam("run"), RunRow.epochs < bindparam("epoch"))
        connection.execute(
            known.values(epochs=bindparam("epoch")), [{"run": run, "epoch": number} for run, number in last.items()]
        )
    return runs - set(held)


def finish(
    connection: Connection,
    results: Sequence[Finished],
    last: Sequence[EpochRows],
    arrays: Rows,
    tokens: Mapping[int, int],
) -> set[int]:
    """Store last epochs, predictions and parameters, mark the runs finished, end leases; returns the refused runs."""
    refused = write(connection, last, arrays, tokens)
    held = hold(connection, {result.run_id: tokens[result.run_id] for result in results if result.run_id in tokens})
    accepted = [result for result in results if result.run_id in held]
    moment = now(connection)
    if accepted:
        ended = update(RunRow).where(RunRow.id == bindparam("run"))
        values = {"seconds": bindparam("took"), "epochs": bindparam("trained"), "diverged_at": bindparam("diverged")}
        rows = [
            {"run": result.run_id, "took": result.seconds, "trained": result.epochs, "diverged": result.diverged_at}
            for result in accepted
        ]
        connection.execute(ended.values(status="finished", finished=moment, **values), rows)
    insert_new(connection, MetricRow, [row for result in accepted for row in _error_rows(result)])
    insert_new(connection, PredictionRow, [row for result in accepted for row in _prediction_rows(result)])
    insert_new(connection, ParameterRow, [row for result in accepted for row in _parameter_rows(result)])
    give_back(connection, held.values())
    return refused | {result.run_id for result in results if result.run_id not in held}


def end(connection: Connection, tokens: Mapping[int, int], *, status: str, **columns: Any) -> None:
    """Mark runs (run -> token) whose lease is held as failed or interrupted, and end their leases."""
    held = hold(connection, tokens)
    for some in chunks(held):
        ended = update(RunRow).where(RunRow.id.in_(some))
        connection.execute(ended.values(status=status, finished=now(connection), **columns))
    give_back(connection, held.values())


def packed(array: np.ndarray) -> bytes:
    """An array as compressed little-endian float32; `unpacked` is the inverse."""
    return zlib.compress(np.ascontiguousarray(array, dtype="<f4").tobytes())


def unpacked(data: bytes, shape: Sequence[int]) -> np.ndarray:
    """An array from its stored form, such as predictions (N, M)."""
    return np.frombuffer(zlib.decompress(data), dtype="<f4").astype(np.float32).reshape(shape)


def _metric_rows(epoch: EpochRows) -> Rows:
    return [
        {"run_id": epoch.run_id, "epoch": epoch.epoch, "name": name, "value": _finite(value)}
        for name, value in epoch.values.items()
    ]


def _error_rows(result: Finished) -> Rows:
    return _metric_rows(EpochRows(result.run_id, _best_epoch(result), result.errors))


def _prediction_rows(result: Finished) -> Rows:
    return [
        {
            "run_id": result.run_id,
            "split": split,
            "epoch": _best_epoch(result),
            "rows": array_NM.shape[0],
            "targets": array_NM.shape[1],
            "data": packed(array_NM),
        }
        for split, array_NM in result.predictions.items()
    ]


def _parameter_rows(result: Finished) -> Rows:
    return [
        {
            "run_id": result.run_id,
            "name": name,
            "epoch": _best_epoch(result),
            "shape": list(array.shape),
            "data": np.ascontiguousarray(array, dtype="<f8").tobytes(),
        }
        for name, array in result.parameters.items()
    ]


def _best_epoch(result: Finished) -> int:
    return result.best_epoch if result.best_epoch is not None else result.epochs


def _finite(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
