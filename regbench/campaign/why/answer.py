"""Gather what is stored about one cell of a benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from regbench import analysis, metrics
from regbench.analysis.aggregate import null, records, shown_with
from regbench.analysis.scale import check_recorded
from regbench.analysis.select import pick
from regbench.campaign.why.adopted import Adopted, adopted
from regbench.campaign.why.config import flat, unlike
from regbench.errors import UsageError
from regbench.runner.present import Present
from regbench.variants import Wanted

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.store import Choice, Execution, Pair, Store, StoredDataset

Values = dict[int, dict[str, dict[int, float | None]]]  # run -> name -> epoch -> value

BASELINE = "lsq"  # the row that reports divide by


@dataclass(frozen=True)
class Run:
    """One seed of the cell: the accepted run with its numbers at the chosen epoch, or what there is instead.

    execution: the accepted run, or the newest one of the job; None if nobody has run it.
    val, test: the metric at the chosen epoch; None without an accepted run or if not finite.
    others: number of further runs of the job: failed ones, those of other code.
    curves: values of the metric by name and epoch, None where not finite; empty if not asked for.
    """

    seed: int
    key: str
    execution: "Execution | None"
    accepted: bool
    val: float | None
    test: float | None
    best_epoch: int | None
    others: int
    curves: Mapping[str, Mapping[int, float | None]]

    @property
    def diverged(self) -> bool:
        """Whether a number of the accepted run was not finite."""
        return self.accepted and self.execution is not None and self.execution.diverged_at is not None


@dataclass(frozen=True)
class Why:
    """Where the number of a cell comes from.

    mean, std: of the test metric over the finite seeds; no std for one seed.
    targets: "scaled" or "raw", the units of errors.
    decides: the validation metric that chose the epoch.
    config: the configuration, by dotted name, that all seeds share.
    neighbour, unlike: the row it is set beside, and the fields with (own, neighbour's) values where they differ.
    codes: how each digest of code relates to the present code: see `Adopted`.
    rows: how many training, validation and test rows the dataset has, and more; None if it is not stored.
    witnesses: every two finished runs of a job by the same code, and how their numbers differ.
    same_data: whether the present catalog has the same table; None if it has none of that name.
    """

    benchmark: str
    dataset: str
    variant: str
    k: int | None
    metric: str
    mean: float | None
    std: float | None
    targets: str
    decides: str
    runs: tuple[Run, ...]
    config: Mapping[str, Any]
    neighbour: str | None
    unlike: Mapping[str, tuple[Any, Any]]
    codes: tuple[Adopted, ...]
    rows: "StoredDataset | None"
    same_data: bool | None
    choice: "Choice | None"
    witnesses: "tuple[Pair, ...]"
    notes: tuple[str, ...]

    @property
    def accepted(self) -> "list[Execution]":
        """The runs that the number is made of."""
        return [run.execution for run in self.runs if run.accepted and run.execution is not None]

    @property
    def environments(self) -> "list[tuple[Mapping[str, Any], str, list[int]]]":
        """Each environment and device of the accepted runs, with their seeds."""
        found: list[tuple[Mapping[str, Any], str, list[int]]] = []
        for run in self.accepted:
            same = [seeds for known, device, seeds in found if (known, device) == (run.environment, run.device)]
            if same:
                same[0].append(run.seed)
            else:
                found.append((run.environment, run.device, [run.seed]))
        return found

    def data(self) -> dict[str, Any]:
        """Everything as plain data."""
        simple = ("benchmark", "dataset", "variant", "k", "metric", "mean", "std", "targets", "decides", "config")
        return {
            **{name: getattr(self, name) for name in simple},
            "split": self.config["protocol.split"],
            "runs": [
                {**asdict(run), "execution": asdict(run.execution) if run.execution else None} for run in self.runs
            ],
            "neighbour": self.neighbour,
            "unlike": {name: list(pair) for name, pair in self.unlike.items()},
            "codes": [{**asdict(code), "standing": code.standing} for code in self.codes],
            "data": asdict(self.rows) if self.rows else None,
            "same_data": self.same_data,
            "choice": asdict(self.choice) if self.choice else None,
            "witnesses": [asdict(pair) for pair in self.witnesses],
        }


def why(
    store: "Store",
    cell: str,
    *,
    benchmark: str | None = None,
    dataset: str | None = None,
    k: int | None = None,
    metric: str = "rmse",
    against: str | None = None,
    curves: bool = False,
) -> Why:
    """Everything stored about a cell: a row such as `soft_binning[lambda_sigma=1]` at one k on one dataset.

    against: the row that its configuration is compared with; by default `lsq`, or the row that differs least.

    Raises:
        UsageError: there is no such row, or `dataset` is needed to tell which cell is meant.
        NothingMeasured: the benchmark has no such jobs.
    """
    metric = metrics.about(metric).name
    frame = store.cells(benchmark, metrics=shown_with(metric))
    there = analysis.select(frame, datasets=(dataset,) if dataset else ())
    rows = pick(there, cell, k=k)
    datasets = sorted(set(rows["dataset"]))
    if len(datasets) > 1:
        raise UsageError(f"{cell} was run on {', '.join(datasets)}; name one with --dataset")
    check_recorded(rows, metric)
    there = there[there["dataset"] == datasets[0]]
    jobs = records(rows.drop_duplicates("job_key"))
    first, stored = jobs[0], str(frame.attrs["benchmark"])
    configs = store.configs([row["job_key"] for row in records(there)])
    config = flat(configs[first["job_key"]])
    names = [f"{part}/{metric}" for part in ("val", "test")]
    values = _curves(store.curves(stored, names=names, datasets=datasets)) if curves else {}
    executed = store.executions(jobs=[job["job_key"] for job in jobs])
    runs = tuple(_run(job, [run for run in executed if run.key == job["job_key"]], metric, values) for job in jobs)
    neighbour, other = _neighbour(there, rows, configs, against)
    number = records(analysis.aggregate(rows, shown_with(metric)))[0]
    return Why(
        benchmark=stored,
        dataset=datasets[0],
        variant=str(first["variant"]),
        k=null(first["k"]),
        metric=metric,
        mean=null(number[f"{metric}_mean"]),
        std=null(number[f"{metric}_std"]),
        targets=str(first["targets"]),
        decides=config["protocol.decide"],
        runs=runs,
        config=config,
        neighbour=neighbour,
        unlike=unlike(config, other),
        codes=adopted(store, [run.execution for run in runs if run.accepted and run.execution]),
        rows=store.dataset(str(first["digest"])),
        same_data=Present.now().has_data(datasets[0], str(first["digest"])),
        choice=store.chosen(stored).get((datasets[0], str(first["row"]), null(first["k"]))),
        witnesses=tuple(store.witnesses([job["job_key"] for job in jobs])),
        notes=tuple(note for note in frame.attrs["left_out"] if note.startswith(f"{datasets[0]} {first['variant']}")),
    )


def _run(job: Mapping[str, Any], executed: "Sequence[Execution]", metric: str, values: Values) -> Run:
    """What there is of one job; `executed` are its runs, newest first."""
    accepted = next((run for run in executed if run.run_id == null(job["run_id"])), None)
    shown = accepted or next(iter(executed), None)
    return Run(
        seed=int(job["seed"]),
        key=str(job["job_key"]),
        execution=shown,
        accepted=accepted is not None,
        val=_finite(job[f"val_{metric}"]),
        test=_finite(job[f"test_{metric}"]),
        best_epoch=null(job["best_epoch"]),
        others=max(0, len(executed) - 1),
        curves=values.get(accepted.run_id, {}) if accepted else {},
    )


def _finite(value: Any) -> float | None:
    return float(value) if null(value) is not None and isfinite(value) else None


def _curves(frame: "DataFrame") -> Values:
    """The values of each run by name, in the order of epochs; of a distilled export only some epochs are there."""
    found: dict[int, dict[str, dict[int, float | None]]] = {}
    for row in records(frame):
        by_name = found.setdefault(row["run_id"], {})
        by_name.setdefault(row["name"], {})[int(row["epoch"])] = _finite(row["value"])
    return found


def _neighbour(
    there: "DataFrame", rows: "DataFrame", configs: Mapping[str, Mapping[str, Any]], against: str | None
) -> tuple[str | None, dict[str, Any]]:
    """The row to compare with and its configuration: the one named, the baseline, or the one that differs least."""
    own = records(rows)[0]
    config = flat(configs[own["job_key"]])
    if against is not None:
        chosen = records(pick(there, against, k=null(own["k"])))[0]
        return _named(chosen), flat(configs[chosen["job_key"]])
    others = records(there[~there["job_key"].isin(rows["job_key"])].drop_duplicates(["variant", "k"]))
    if not others:
        return None, config
    usual = [row for row in others if row["variant"] == BASELINE]
    chosen = min(usual or others, key=lambda row: len(unlike(config, flat(configs[row["job_key"]]))))
    return _named(chosen), flat(configs[chosen["job_key"]])


def _named(row: Mapping[str, Any]) -> str:
    return Wanted(str(row["method"]), str(row["variant"]), null(row["k"])).spelled
