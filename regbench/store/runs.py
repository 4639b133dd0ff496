"""What workers write: the numbers of epochs, and how runs end. A worker that has lost its lease writes nothing."""

import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, update

from regbench.store.leases import give_back, hold
from regbench.store.models import MetricRow, ParameterRow, PredictionRow, RunRow
from regbench.store.sql import chunks, insert_new, now
from regbench.store.values import EpochRows, Finished


def write(
    connection: Connection, epochs: Sequence[EpochRows], tokens: Mapping[int, int], also: Collection[int] = ()
) -> set[int]:
    """Store the epochs of runs that are still ours (run -> token); gives the runs that were refused, of `also` too."""
    runs = {each.run_id for each in epochs} | set(also)
    held = hold(connection, {run: tokens[run] for run in runs if run in tokens})
    accepted = [each for each in epochs if each.run_id in held]
    insert_new(connection, MetricRow, [row for each in accepted for row in _metric_rows(each)])
    last: dict[int, int] = {}
    for each in accepted:
        last[each.run_id] = max(each.epoch, last.get(each.run_id, 0))
    if last:
        known = update(RunRow).where(RunRow.id == bindparam("run"), RunRow.epochs < bindparam("epoch"))
        connection.execute(
            known.values(epochs=bindparam("epoch")), [{"run": run, "epoch": epoch} for run, epoch in last.items()]
        )
    return runs - set(held)


def finish(
    connection: Connection, results: Sequence[Finished], last: Sequence[EpochRows], tokens: Mapping[int, int]
) -> set[int]:
    """Write the last epochs, mark the runs finished, keep predictions and parameters, end their leases."""
    refused = write(connection, last, tokens)
    held = hold(connection, {each.run_id: tokens[each.run_id] for each in results if each.run_id in tokens})
    accepted = [each for each in results if each.run_id in held]
    moment = now(connection)
    if accepted:
        ended = update(RunRow).where(RunRow.id == bindparam("run"))
        values = {"seconds": bindparam("took"), "epochs": bindparam("trained"), "diverged_at": bindparam("diverged")}
        rows = [
            {"run": each.run_id, "took": each.seconds, "trained": each.epochs, "diverged": each.diverged_at}
            for each in accepted
        ]
        connection.execute(ended.values(status="finished", finished=moment, **values), rows)
    insert_new(connection, PredictionRow, [row for each in accepted for row in _prediction_rows(each)])
    insert_new(connection, ParameterRow, [row for each in accepted for row in _parameter_rows(each)])
    give_back(connection, held.values())
    return refused | {each.run_id for each in results if each.run_id not in held}


def end(connection: Connection, tokens: Mapping[int, int], *, status: str, **columns: Any) -> None:
    """Mark runs (run -> token) that are still ours as failed or interrupted and end their leases."""
    held = hold(connection, tokens)
    for some in chunks(held):
        ended = update(RunRow).where(RunRow.id.in_(some))
        connection.execute(ended.values(status=status, finished=now(connection), **columns))
    give_back(connection, held.values())


def packed(array: np.ndarray) -> bytes:
    """Little-endian float32, compressed; `unpacked` is the inverse."""
    return zlib.compress(np.ascontiguousarray(array, dtype="<f4").tobytes())


def unpacked(data: bytes, rows: int, targets: int) -> np.ndarray:
    """Predictions (N, M) from their stored form."""
    return np.frombuffer(zlib.decompress(data), dtype="<f4").astype(np.float32).reshape(rows, targets)


def _metric_rows(each: EpochRows) -> list[dict[str, Any]]:
    return [
        {"run_id": each.run_id, "epoch": each.epoch, "name": name, "value": _finite(value)}
        for name, value in each.values.items()
    ]


def _prediction_rows(each: Finished) -> list[dict[str, Any]]:
    return [
        {
            "run_id": each.run_id,
            "split": split,
            "epoch": _best_epoch(each),
            "rows": array_NM.shape[0],
            "targets": array_NM.shape[1],
            "data": packed(array_NM),
        }
        for split, array_NM in each.predictions.items()
    ]


def _parameter_rows(each: Finished) -> list[dict[str, Any]]:
    return [
        {
            "run_id": each.run_id,
            "name": name,
            "epoch": _best_epoch(each),
            "shape": list(array.shape),
            "data": np.ascontiguousarray(array, dtype="<f8").tobytes(),
        }
        for name, array in each.parameters.items()
    ]


def _best_epoch(each: Finished) -> int:
    return each.best_epoch if each.best_epoch is not None else each.epochs


def _finite(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
