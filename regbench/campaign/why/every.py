"""Where all numbers of a benchmark come from, read at once: what `why` knows of each cell, for a page that is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from regbench import metrics
from regbench.analysis.aggregate import null, records
from regbench.campaign.why.config import flat
from regbench.reports.html.inputs import Origins

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.store import Choice, Execution, Store

MOST_RUNS = 20  # of a cell; the others are counted
NOT_OF_ALL = ("dataset", "digest")  # fields that are shown under data
OF_ENVIRONMENT = ("python", "system", "processor", "host", "libraries", "flags", "commit", "dirty", "arguments")
Cell = tuple[str, str, int | None]


def every(store: "Store", frame: "DataFrame", benchmark: str) -> Origins:
    """The runs, configurations, environments and data behind `frame`, the cells of a benchmark.

    How code relates to the present code is left out: it changes while the numbers stay.
    """
    executed: dict[str, list[Execution]] = {}
    for run in store.executions(benchmark):
        executed.setdefault(run.key, []).append(run)
    groups: dict[Cell, list[dict[str, Any]]] = {}
    for row in records(frame):
        groups.setdefault((str(row["dataset"]), str(row["variant"]), null(row["k"])), []).append(row)
    stored = store.configs([str(rows[0]["job_key"]) for rows in groups.values()])
    configs = {cell: flat(stored[str(rows[0]["job_key"])]) for cell, rows in groups.items()}
    common = _common(configs.values())
    environments = _Environments()
    chosen = store.chosen(benchmark)
    cells = {}
    for cell, rows in groups.items():
        runs = [_run(row, executed.get(str(row["job_key"]), []), environments) for row in rows]
        own = {name: value for name, value in configs[cell].items() if name not in common and name not in NOT_OF_ALL}
        choice = chosen.get((cell[0], str(rows[0]["row"]), cell[2]))
        cells[cell] = {
            "dataset": cell[0], "variant": cell[1], "k": cell[2], "digest": str(rows[0]["digest"]), "config": own,
            "runs": runs[:MOST_RUNS], "more": max(0, len(runs) - MOST_RUNS), "choice": _choice(choice),
        }  # fmt: skip
    return Origins(
        config={name: value for name, value in common.items() if name not in NOT_OF_ALL},
        cells=cells,
        environments=tuple(environments.known),
        datasets=_datasets(store, frame),
        budget=_budget(chosen.values()),
    )


class _Environments:
    """Each environment and device once, in the order in which they are met."""

    def __init__(self) -> None:
        self.known: list[dict[str, Any]] = []

    def place(self, run: "Execution") -> int:
        kept = {name: run.environment[name] for name in OF_ENVIRONMENT if run.environment.get(name)}
        found = {"device": run.device, **kept}
        if found not in self.known:
            self.known.append(found)
        return self.known.index(found)


def _run(row: Mapping[str, Any], executed: "list[Execution]", environments: _Environments) -> dict[str, Any]:
    """The accepted run of a job with its numbers, or the newest one, or none; `executed` are the newest first."""
    accepted = next((run for run in executed if run.run_id == null(row["run_id"])), None)
    shown = accepted or next(iter(executed), None)
    if shown is None:
        return {"seed": int(row["seed"]), "state": "not run"}
    numbers = {name: _finite(row.get(name.replace("/", "_", 1))) for name in _shown(row)} if accepted else {}
    return {
        "seed": int(row["seed"]),
        "state": _state(shown, accepted=accepted is not None),
        "error": (shown.error or "").partition("\n")[0] or None,
        "numbers": numbers,
        "epoch": null(row["best_epoch"]) if accepted else None,
        "epochs": shown.epochs,
        "seconds": None if shown.seconds is None else round(shown.seconds, 1),
        "run": shown.uuid,
        "code": shown.code_digest,
        "environment": environments.place(shown),
        "others": max(0, len(executed) - 1),
    }


def _shown(row: Mapping[str, Any]) -> list[str]:
    return [f"{part}/{name}" for name in metrics.USUAL for part in ("val", "test") if f"{part}_{name}" in row]


def _state(run: "Execution", *, accepted: bool) -> str:
    ended = run.status if run.diverged_at is None else f"diverged at epoch {run.diverged_at}"
    kind = f" ({run.failure_class})" if run.failure_class else ""
    return f"{ended}{kind}" if accepted else f"not accepted: {ended}{kind}"


def _finite(value: Any) -> float | None:
    return float(value) if null(value) is not None and isfinite(value) else None


def _common(configs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields that all configurations have with the same value."""
    first, *others = list(configs) or [{}]
    return {name: value for name, value in first.items() if all(other.get(name, ...) == value for other in others)}


def _choice(choice: "Choice | None") -> dict[str, Any] | None:
    if choice is None:
        return None
    kept = ("values", "source", "carried_from_k", "by", "metric", "default_metric", "tried", "diverged", "on_edge")
    return {name: value for name, value in asdict(choice).items() if name in kept}


def _datasets(store: "Store", frame: "DataFrame") -> dict[str, dict[str, Any]]:
    found = {}
    for name, digest in frame[["dataset", "digest"]].drop_duplicates().itertuples(index=False):
        if stored := store.dataset(str(digest)):
            kept = {"digest": stored.digest, "sizes": list(stored.sizes), "source": stored.source}
            found[str(name)] = {**kept, "licence": stored.licence}
    return found


def _budget(chosen: "Iterable[Choice]") -> tuple[int, int] | None:
    tried = [choice.tried for choice in chosen]
    return (min(tried), max(tried)) if tried else None
