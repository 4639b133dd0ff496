"""The configurations that sweeps tried, with validation errors only, and the best one of each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import null, records, targets_of
from regbench.analysis.select import select
from regbench.errors import NothingMeasured

if TYPE_CHECKING:
    from pandas import DataFrame

ROW = ["dataset", "method", "variant", "k"]
PLAIN = {"carried_from_k": "Int64", "k": "Int64", "tried": int, "finished": int, "diverged": int}


@dataclass(frozen=True)
class Swept:
    """Sweeps as stored: their cells, the choices made from them, and their stages as in the file."""

    cells: "DataFrame"  # `Store.cells` of one or more sweeps
    choices: "DataFrame | None"  # `Store.choices` of the benchmark that chooses; None for sweeps alone
    stages: Mapping[str, Sequence[Mapping[str, Any]]]  # sweep -> its stages

    @classmethod
    def of(
        cls,
        cells: "Sequence[DataFrame]",
        choices: "DataFrame | None",
        stages: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> "Swept":
        """The cells of several sweeps as one."""
        whole = pd.concat(cells, ignore_index=True)
        whole.attrs["left_out"] = [line for frame in cells for line in frame.attrs.get("left_out", ())]
        whole.attrs["decides"] = tuple(sorted({name for frame in cells for name in frame.attrs.get("decides", ())}))
        return cls(whole, choices, stages)

    def axes(self, benchmark: str) -> list[str]:
        """Fields of a sweep's first stage; none where that stage is a random search."""
        first = self.stages[benchmark][0]
        return [] if "sample" in first else _fields(first)

    def grids(self, benchmark: str) -> set[str]:
        """Fields of a sweep's grids, whose values have a lowest and a highest."""
        return {name for stage in self.stages[benchmark] if "sample" not in stage for name in _fields(stage)}

    def fields(self) -> list[str]:
        """Every field that any sweep tries, in the order of the file."""
        return list(
            dict.fromkeys(name for stages in self.stages.values() for stage in stages for name in _fields(stage))
        )


def configurations(swept: Swept, *, metric: str = "rmse", **filters: Any) -> "DataFrame":
    """One row per configuration: its values, and its validation error as the mean over seeds.

    The error is null where a seed diverged or is not finished; `finished`, `seeds` and `diverged` tell which.
    """
    if swept.cells.empty:
        raise NothingMeasured("no sweep has been run here: `regbench run` of one, or of a benchmark that chooses")
    frame = swept.cells.assign(configuration=swept.cells["variant"], variant=swept.cells["row"])
    frame = select(frame, **filters)
    fields = swept.fields()
    rows = []
    for key, seeds in frame.groupby(["benchmark", *ROW, "configuration"], dropna=False, sort=False):
        values = seeds["swept"].iloc[0]
        diverged = int(seeds["diverged"].sum())
        error = seeds[f"val_{metric}"].astype(float).mean(skipna=False)
        rows.append(
            {
                **dict(zip(["sweep", *ROW, "configuration"], map(null, key), strict=True)),
                **{name: values.get(name) for name in fields},
                "targets": targets_of(seeds),
                "seeds": len(seeds),
                "finished": int(seeds["run_id"].notna().sum()),
                "diverged": diverged,
                f"val_{metric}": np.nan if diverged else error,
            }
        )
    found = pd.DataFrame(rows).astype({"k": "Int64", f"val_{metric}": float})
    places = sorted(range(len(found)), key=lambda place: _place(rows[place]))  # stable: the order they were tried in
    return found.iloc[places].reset_index(drop=True)


def cells(swept: Swept, tried: "DataFrame", *, metric: str = "rmse") -> "DataFrame":
    """One row per cell: how many configurations were tried, and the chosen values, or the best ones so far.

    `chosen` tells which of the two. `on_edge` names the fields whose value is the lowest or highest tried. Cells
    without a finished configuration have no row.
    """
    found = {}
    tried = tried[tried["finished"] == tried["seeds"]]
    for key, group in tried.groupby(["sweep", *ROW], dropna=False, sort=False):
        sweep, *rest = map(null, key)
        found[tuple(rest)] = _best_so_far(dict(zip(ROW, rest, strict=True)), group, swept, str(sweep), metric)
    for choice in records(swept.choices) if swept.choices is not None else []:
        source = tuple(null(choice[name]) for name in ROW[:3])
        k, from_k = null(choice["k"]), null(choice["carried_from_k"])
        if (*source, k if from_k is None else from_k) not in found:
            continue  # filtered out
        found[*source, k] = {
            **dict(zip(ROW, (*source, k), strict=True)),
            "targets": found[*source, k if from_k is None else from_k]["targets"],
            "tried": choice["tried"],
            "diverged": choice["diverged"],
            "values": choice["values"],
            "error": choice["metric"],
            "default_error": choice["default_metric"],
            "on_edge": tuple(choice["on_edge"]),
            "carried_from_k": from_k,
            "chosen": True,
            "by": choice["by"],
        }
    rows = sorted(found.values(), key=_place)
    if not rows:
        raise NothingMeasured("no configuration of the sweep is finished yet: `regbench run` goes on with it")
    return pd.DataFrame(rows).astype({"k": "Int64", "carried_from_k": "Int64", "error": float, "default_error": float})


def _best_so_far(named: dict[str, Any], group: "DataFrame", swept: Swept, sweep: str, metric: str) -> dict[str, Any]:
    errors = group[f"val_{metric}"]
    losses = errors.map(metrics.about(metric).loss, na_action="ignore")
    best = None if errors.isna().all() else records(group.loc[[losses.idxmin()]])[0]  # the first of equals
    fields = [name for name in swept.fields() if group[name].notna().any()]
    values = {} if best is None else {name: best[name] for name in fields}
    return {
        **named,
        "targets": targets_of(group),
        "tried": len(group),
        "diverged": int((group["diverged"] > 0).sum()),
        "values": values,
        "error": None if best is None else best[f"val_{metric}"],
        "default_error": None,
        "on_edge": tuple(name for name in values if name in swept.grids(sweep) and _is_end(values[name], group[name])),
        "carried_from_k": None,
        "chosen": False,
        "by": f"val/{metric}",
    }


def _is_end(value: Any, tried: "pd.Series[Any]") -> bool:
    numbers = {value for value in tried.dropna() if not isinstance(value, str)}
    return len(numbers) > 1 and value in {min(numbers), max(numbers)}


def _fields(stage: Mapping[str, Any]) -> list[str]:
    return [name for name, _ in stage["axes"]]


def _place(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (order.dataset_key(row["dataset"]), order.row_key(row["method"], row["variant"], null(row["k"]), None))
