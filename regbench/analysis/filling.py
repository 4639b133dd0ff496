"""Fill the cells of a benchmark that nobody ran here with published runs of the same benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.errors import some

if TYPE_CHECKING:
    from pandas import DataFrame

Conditions = Mapping[str, tuple[Mapping[str, Any], frozenset[str]]]  # as `Store.conditions` gives them
Cell = tuple[str, str, int | None]  # dataset, variant, k
OTHER_DATA = "another version of the data"


@dataclass(frozen=True)
class Cells:
    """The cells of a benchmark, how their jobs are trained, and where they are from."""

    frame: "DataFrame"
    conditions: Conditions
    place: str = ""


def filled(mine: Cells, published: Cells) -> "DataFrame":
    """My cells, and published ones where I have no finished run; the column `published` tells them apart.

    A published run counts where its dataset has the same digest here and a job of mine on it is trained alike: in the
    same split, and in every other field of the protocol and the network but those that a sweep chose for either. Only
    datasets of mine are filled, and no cell mixes my runs with published ones. `attrs["left_out"]` says what was
    filled, and what was not, with the reason.
    """
    own, theirs = mine.frame, published.frame[published.frame["run_id"].notna()]
    done = {_cell(row) for row in records(own[own["run_id"].notna()])}
    new = [_cell(row) not in done for row in records(theirs)]
    offered = theirs[theirs["dataset"].isin(own["dataset"]) & np.array(new, dtype=bool)]
    reasons = _reasons(offered, mine, published.conditions)
    taken = offered[reasons == ""]
    instead = {_cell(row) for row in records(taken)}
    kept = own[np.array([_cell(row) not in instead for row in records(own)], dtype=bool)]
    kept = kept if "published" in kept else kept.assign(published=False)
    both = pd.concat([kept, taken.assign(published=True)], ignore_index=True)
    lines = [*own.attrs.get("left_out", ()), *_said(taken, published.place), *_refused(offered, reasons)]
    both.attrs = {**own.attrs, "left_out": lines}
    return both


def _cell(row: Mapping[str, Any]) -> Cell:
    return str(row["dataset"]), str(row["variant"]), null(row["k"])


def _reasons(offered: "DataFrame", mine: Cells, theirs: Conditions) -> "pd.Series[str]":
    """Why a published job cannot stand beside mine; empty where it can."""
    digests = {dataset: set(rows["digest"]) for dataset, rows in mine.frame.groupby("dataset", sort=False)}
    alike: dict[str, list[tuple[Mapping[str, Any], frozenset[str]]]] = {}
    for dataset, key in zip(mine.frame["dataset"], mine.frame["job_key"], strict=True):
        known = alike.setdefault(dataset, [])
        if key in mine.conditions and mine.conditions[key] not in known:
            known.append(mine.conditions[key])
    found = []
    for row in records(offered):
        if row["digest"] not in digests[row["dataset"]]:
            found.append(OTHER_DATA)
            continue
        apart = [_apart(theirs[row["job_key"]], own) for own in alike[row["dataset"]]]
        found.append(min(apart, key=len, default=OTHER_DATA))
    return pd.Series(found, index=offered.index, dtype=str)


def _apart(theirs: tuple[Mapping[str, Any], frozenset[str]], mine: tuple[Mapping[str, Any], frozenset[str]]) -> str:
    """In what two jobs are not trained alike, in words."""
    (one, chosen), (other, chosen_here) = theirs, mine
    fields = sorted((one.keys() | other.keys()) - chosen - chosen_here)
    unlike = [f"{name} {one.get(name, 'as usual')}" for name in fields if one.get(name) != other.get(name)]
    here = [f"{other.get(name, 'as usual')}" for name in fields if one.get(name) != other.get(name)]
    return f"{', '.join(unlike)} (here {', '.join(here)})" if unlike else ""


def _said(taken: "DataFrame", place: str) -> list[str]:
    if taken.empty:
        return []
    count = len({_cell(row) for row in records(taken)})
    rows = list(dict.fromkeys(_row(row) for row in records(taken)))
    return [f"{count} cell{'s' * (count != 1)} from published runs ({place}): {some(rows)}"]


def _refused(offered: "DataFrame", reasons: "pd.Series[str]") -> list[str]:
    """One line per reason, with the rows and the datasets."""
    lines = []
    for reason in dict.fromkeys(reason for reason in reasons if reason):
        gone = offered[reasons == reason]
        rows = list(dict.fromkeys(_row(row) for row in records(gone)))
        datasets = " ".join(map(order.alias, sorted(set(gone["dataset"]), key=order.dataset_key)))
        lines.append(f"published runs left out, {reason}: {some(rows)} on {datasets}")
    return lines


def _row(row: Mapping[str, Any]) -> str:
    return str(row["variant"]) + ("" if null(row["k"]) is None else f" (k = {row['k']})")
