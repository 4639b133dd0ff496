"""The runs of one cell must be comparable: one version of the data, one protocol, one run per seed."""

from typing import TYPE_CHECKING

import pandas as pd

from regbench.analysis import leaks, order
from regbench.errors import NothingMeasured
from regbench.papers.bridges import WIDTH

if TYPE_CHECKING:
    from pandas import DataFrame

CELL = ["dataset", "method", "variant", "k", WIDTH]


def comparable(frame: "DataFrame") -> "DataFrame":
    """The frame in a fixed order, without the rows that cannot be compared with the rest.

    Where a dataset has two digests, or a cell two protocols or backbones, the one with most runs stays (the newest on
    ties). `attrs["left_out"]` says what was left out, and which datasets have test rows that training has seen.
    """
    if frame.empty:
        raise NothingMeasured("no job is planned here: nothing to report on")
    notes = list(frame.attrs.get("left_out", []))
    rows = with_width(frame)
    if "run_id" not in rows:
        rows["run_id"] = pd.NA
    measured = rows["run_id"].notna() | rows["test_rmse"].notna()
    rows = _majority(rows, measured, ["dataset"], ["digest"], "another version of the data", notes)
    rows = _majority(rows, measured, CELL, ["protocol", "backbone"], "another protocol or backbone", notes)
    rows = _one_run_per_seed(rows, notes)
    notes += leaks.note(rows["dataset"][rows["split"] != "grouped"] if "split" in rows else rows["dataset"])
    rows.attrs = {**frame.attrs, "left_out": notes}
    return rows


def with_width(frame: "DataFrame") -> "DataFrame":
    """A copy with a column for λ_σ, which tables show beside k; null in rows without that setting."""
    settings = frame["settings"] if "settings" in frame else [{}] * len(frame)
    return frame.assign(**{WIDTH: pd.array([values.get(WIDTH) for values in settings], dtype="Float64")})


def _majority(
    rows: "DataFrame", measured: "pd.Series", by: list[str], columns: list[str], what: str, notes: list[str]
) -> "DataFrame":
    """In each group of `by`, the rows with the most frequent values of `columns` among measured rows."""
    present = [column for column in columns if column in rows]
    if not present or all(rows[column].nunique(dropna=False) < 2 for column in present):
        return rows
    marked = rows.assign(_measured=measured, _kind=_joined(rows, present))
    mixed = marked.groupby(by, dropna=False, sort=False)["_kind"].transform("nunique") > 1
    if not mixed.any():
        return rows
    kept = [marked[~mixed]]
    for key, group in marked[mixed].groupby(by, dropna=False, sort=False):
        kinds = group.groupby("_kind", sort=True)
        best = max(kinds, key=lambda kind: (kind[1]["_measured"].sum(), _newest(kind[1]), str(kind[0])))[0]
        kept.append(group[group["_kind"] == best])
        gone = len(group) - len(kept[-1])
        notes.append(f"{_named(key)}: {_count(gone, 'job')} of {what} left out")
    return pd.concat(kept).drop(columns=["_measured", "_kind"])


def _one_run_per_seed(rows: "DataFrame", notes: list[str]) -> "DataFrame":
    """The newest run of each cell and seed; sorted, so that no sum depends on the order of rows."""
    tiebreak = [column for column in ("run_id", "job_key") if column in rows]
    rows = rows.sort_values([*CELL, "seed", *tiebreak], na_position="first", kind="stable")
    single = rows.drop_duplicates([*CELL, "seed"], keep="last")
    if gone := len(rows) - len(single):
        notes.append(f"{_count(gone, 'older run')} left out: the seed has a newer one")
    return single


def _joined(rows: "DataFrame", columns: list[str]) -> "pd.Series":
    first, *others = (rows[column].astype("string").fillna("") for column in columns)
    for other in others:
        first = first + "|" + other
    return first


def _newest(group: "DataFrame") -> int:
    newest = group["run_id"].max()
    return -1 if pd.isna(newest) else int(newest)


def _named(key: object) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) == 1:
        return order.alias(str(parts[0]))
    at = "" if str(parts[3]) in ("nan", "<NA>", "None") else f" k = {parts[3]}"
    return f"{order.alias(str(parts[0]))}, {parts[2]}{at}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
