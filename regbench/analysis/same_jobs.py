"""Runs of the very same jobs from somewhere else, such as published ones, where there are none here.

A job's key is a hash of all that its numbers depend on besides the code: data, split, seed, protocol, network and
settings. So equal keys need no further comparison.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pandas import DataFrame

ELSEWHERE = "elsewhere"  # column: where a row's run is from; empty if it is from here
OF_THE_JOB = ("benchmark", "variant", "row", "swept", "settings")  # columns that are this benchmark's own


def lacking(mine: "DataFrame") -> list[str]:
    """The keys of the jobs without a finished run."""
    return [str(key) for key in mine.loc[mine["run_id"].isna(), "job_key"]]


def filled(mine: "DataFrame", others: "Sequence[tuple[str, DataFrame]]") -> "DataFrame":
    """My cells, and the runs of the same jobs in other cells, by place, where I have none; the first place counts.

    The numbers of these runs are made negative, so that none is taken for one of mine.
    """
    found = mine.assign(**{ELSEWHERE: ""})
    for place, cells in others:
        theirs = cells[cells["run_id"].notna() & cells["job_key"].isin(lacking(found))].drop_duplicates("job_key")
        if theirs.empty:
            continue
        given = theirs.assign(run_id=-theirs["run_id"], **{ELSEWHERE: place}).set_index("job_key")
        own = found.set_index("job_key")
        taken = given.drop(columns=[name for name in OF_THE_JOB if name in given])
        named = own.loc[taken.index, [name for name in OF_THE_JOB if name in own]]
        rows = pd.concat([named, taken], axis=1).reset_index()[list(found.columns)]
        kept = found[~found["job_key"].isin(rows["job_key"])]
        found = pd.concat([kept, rows.astype(found.dtypes.to_dict())], ignore_index=True)
    found.attrs = dict(mine.attrs)
    return found


def beside(frame: "DataFrame", labels: Collection[str], first: str, *, k: int | None = None) -> "DataFrame":
    """The jobs of some rows, at one k, on the datasets and the seeds on which the row `first` has finished ones."""
    rows = frame[frame["variant"].isin(list(labels))]
    rows = rows[rows["k"].isna() | (rows["k"] == k).fillna(value=False)] if k else rows
    measured = rows[(rows["variant"] == first) & rows["run_id"].notna()]
    kept = rows.merge(measured[["dataset", "seed"]].drop_duplicates(), on=["dataset", "seed"])
    kept.attrs = dict(frame.attrs)
    return kept


def finished(frame: "DataFrame") -> "DataFrame":
    """The jobs with a finished run."""
    kept = frame[frame["run_id"].notna()]
    kept.attrs = dict(frame.attrs)
    return kept


def with_point_scores(frame: "DataFrame") -> "DataFrame":
    """The cells with the CRPS of point predictions, which is their mean absolute error."""
    made = frame.assign(test_crps=frame["test_crps"].fillna(frame["test_mae"]))
    made.attrs = dict(frame.attrs)
    return made
