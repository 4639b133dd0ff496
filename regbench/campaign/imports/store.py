"""Store results of other tools as runs that say where they come from."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench import catalog, metrics, variants
from regbench.campaign.imports.measured import Measured, measure
from regbench.campaign.imports.rows import EPOCH, SECONDS, Cell, Sheet
from regbench.config.benchmark import PROGRAM
from regbench.errors import UsageError, some
from regbench.job import Job
from regbench.kinds.imported import IMPORTED, mark
from regbench.owncommands import NAMED
from regbench.runner.work.inputs import prepared, remember_dataset
from regbench.store import EpochRows, Finished, Store
from regbench.store.owners import this_owner

if TYPE_CHECKING:
    from regbench.data import Prepared

LEASE_S = 600.0
UNITS = ("original", "scaled")
TOLERANCE = 0.01  # relative, between an error that the file states and that of its predictions
TEST, VAL = "test/rmse", "val/rmse"


@dataclass(frozen=True)
class Imported:
    """What an import did: the benchmark, new runs and those that were there, and what to know about it."""

    benchmark: str
    runs: int
    before: int
    notes: tuple[str, ...]


@dataclass
class _Run:
    """The numbers of a run by epoch."""

    epochs: dict[int, dict[str, float]] = field(default_factory=dict)
    seconds: float = 0.0
    measured: Measured | None = None


def import_results(
    store: Store,
    path: Path,
    *,
    predictions: Path | None = None,
    benchmark: str | None = None,
    units: str = UNITS[0],
    say: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Store the results of a table, and measure those that a table of predictions gives; twice changes nothing.

    benchmark: the one they are added to, by default of the name of the file.
    units: of errors and predictions on datasets of ours: those of the target, or scaled to [0, 1] as ours are stored.

    Raises:
        UsageError: a file, a row or a number is wrong, or there is no error of a run.
        DataUnavailable: a dataset of ours that is needed is not here.
    """
    sheets = [Sheet(each, _read(each)) for each in (path, predictions) if each]
    if predictions and not sheets[1].has_predictions:
        raise UsageError(f"{predictions}: needs a column row, and prediction or quantiles such as q0.1, q0.5 and q0.9")
    runs = _stated(sheets[0])
    data = _ours(runs, sheets, say)
    notes = [
        f"{sheet.path}: left aside, for they are no numbers of a run: {some(sheet.aside)}"
        for sheet in sheets
        if sheet.aside
    ]
    for sheet in sheets:
        if sheet.has_predictions:
            for cell, measured in measure(_scaled_back(sheet, units), data).items():
                if cell not in runs:
                    raise UsageError(f"{sheet.path}: {cell} is in no row of {path}")
                runs[cell].measured = measured
    if units == UNITS[0]:
        _scale(runs, data)
    notes += _join(runs)
    if names := sorted(data):
        notes.append(f"{some(names)}: taken to be of our test rows, those of the split fixed")
    digest = hashlib.sha256(b"".join(sheet.path.read_bytes() for sheet in sheets)).hexdigest()
    origin = {
        "file": str(path.absolute()),
        **({"predictions": str(predictions.absolute())} if predictions else {}),
        "digest": f"sha256:{digest}",
        "when": datetime.now(tz=UTC).isoformat(timespec="seconds"),
    }
    name = benchmark or path.name.partition(".")[0]
    return _keep(store, name, runs, data, origin, tuple(notes))


def _read(path: Path) -> dict[str, list[str]]:
    from regbench.data.results import read_results

    return read_results(path)


def _stated(sheet: Sheet) -> dict[Cell, _Run]:
    """The runs of a table with the numbers that it states."""
    runs: dict[Cell, _Run] = {}
    if sheet.has_predictions:
        return {cell: _Run() for _, cell in sheet.cells()}
    for row, cell in sheet.cells():
        run, epoch = runs.setdefault(cell, _Run()), sheet.epoch(row)
        if epoch in run.epochs:
            hint = "" if EPOCH in sheet.columns else "; give each row its epoch, or each run its seed"
            raise sheet.wrong(row, EPOCH if EPOCH in sheet.columns else "seed", f"{cell} is there twice{hint}")
        values = {
            name: sheet.number(column, row) for column, name in sheet.numbers.items() if sheet.columns[column][row]
        }
        run.epochs[epoch] = values
        if SECONDS in sheet.columns and math.isfinite(taken := sheet.number(SECONDS, row)):
            run.seconds += taken
    return runs


def _ours(runs: Mapping[Cell, _Run], sheets: Sequence[Sheet], say: Callable[[str], None]) -> "dict[str, Prepared]":
    """The datasets of ours among those of the runs; targets of several dimensions are refused."""
    found = {}
    for name in dict.fromkeys(cell.dataset for cell in runs):
        if name in catalog.names("datasets"):
            say(f"reading {name}")
            found[name] = prepared(_job(Cell(name, "any"), ours=True))
            if found[name].y_train.shape[1] > 1 and any(sheet.has_predictions for sheet in sheets):
                raise UsageError(f"{name} has targets of several dimensions, and a table of predictions has one")
    return found


def _scaled_back(sheet: Sheet, units: str) -> Sheet:
    if units != UNITS[0]:
        raise UsageError("--units scaled is about errors; predictions are in the units of the target")
    return sheet


def _scale(runs: Mapping[Cell, _Run], data: "Mapping[str, Prepared]") -> None:
    """Errors in units of the target as those of targets scaled to [0, 1], in which ours are stored."""
    for cell, run in runs.items():
        if cell.dataset not in data or not run.epochs:
            continue
        ranges = data[cell.dataset].y_high - data[cell.dataset].y_low
        factor = 1 / float(ranges[0])
        for values in run.epochs.values():
            for name in values:
                unit = _unit(name.partition("/")[2])
                if len(ranges) > 1 and unit in metrics.ERRORS:
                    raise UsageError(
                        f"{cell.dataset} has several targets, so {name} has no one unit; use --units scaled"
                    )
                values[name] *= {"target": factor, "squared": factor**2}.get(unit, 1.0)


def _unit(metric: str) -> str:
    try:
        return metrics.about(metric).unit
    except UsageError:
        return "none"


def _join(runs: Mapping[Cell, _Run]) -> list[str]:
    """Put what we measured into the last epoch; a note where the file stated something else."""
    notes = []
    for cell, run in runs.items():
        if run.measured is None:
            continue
        values = run.epochs.setdefault(max(run.epochs, default=1), {})
        stated, ours = values.get(TEST), run.measured.values[TEST]
        if stated is not None and not math.isclose(stated, ours, rel_tol=TOLERANCE):
            notes.append(
                f"{cell}: the file states {TEST} {stated:.6g} and its predictions give {ours:.6g}, which is kept"
            )
        values |= run.measured.values
    return notes


def _keep(
    store: Store,
    benchmark: str,
    runs: Mapping[Cell, _Run],
    data: "Mapping[str, Prepared]",
    origin: Mapping[str, Any],
    notes: tuple[str, ...],
) -> Imported:
    """Write what is new in one go: the runs of a file are whole, or not there."""
    for cell, run in runs.items():
        if not any(name.startswith("test/") for values in run.epochs.values() for name in values):
            raise UsageError(
                f"{origin['file']}: {cell} has no error on test rows: a column such as {TEST}, or predictions"
            )
    jobs = {cell: _job(cell, ours=cell.dataset in data) for cell in runs}
    code = {job.key: str(origin["digest"]).removeprefix("sha256:")[:16] for job in jobs.values()}
    known = benchmark in set(store.benchmarks()["name"])
    store.add_benchmark(
        benchmark,
        store.config(benchmark) if known else {IMPORTED: Path(origin["file"]).name},
        [(job, variants.of_job(job)) for job in jobs.values()],
    )
    for name, known_data in data.items():
        remember_dataset(store, _job(Cell(name, "any"), ours=True), known_data)
    done = store.done(code)
    wanted = {key: digest for key, digest in code.items() if key not in done}
    claims = store.claim(
        wanted, owner=this_owner(), lease_s=LEASE_S, environment={IMPORTED: dict(origin)}, device=IMPORTED
    )
    by_key = {job.key: runs[cell] for cell, job in jobs.items()}
    rows, ends = [], []
    for claim in claims:
        run = by_key[claim.key]
        rows += [EpochRows(claim.run_id, epoch, values) for epoch, values in sorted(run.epochs.items())]
        ends.append(_end(claim.run_id, run))
    store.finish(ends, claims=claims, last=rows)
    return Imported(benchmark, len(claims), len(done), notes)


def _end(run_id: int, run: _Run) -> Finished:
    finite = {epoch: values[VAL] for epoch, values in run.epochs.items() if math.isfinite(values.get(VAL, math.nan))}
    wrong = [
        epoch
        for epoch, values in run.epochs.items()
        if any(not math.isfinite(values[name]) for name in (TEST, VAL, "test/mae") if name in values)
    ]
    last = max(run.epochs)
    return Finished(
        run_id,
        seconds=run.seconds,
        epochs=last,
        diverged_at=min(wrong, default=None),
        predictions={"test": run.measured.predictions} if run.measured else {},
        best_epoch=min(finite, key=lambda epoch: (finite[epoch], epoch)) if finite else last,
    )


def _job(cell: Cell, *, ours: bool) -> Job:
    """The job of an imported run; errors on datasets of ours are scaled as those of our methods are.

    Seeds may have trained for different numbers of epochs, so the number is not part of it.
    """
    digest = catalog.entry("datasets", cell.dataset).arguments["digest"] if ours else f"{NAMED}{cell.dataset}"
    protocol = replace(PROGRAM, targets="scaled" if ours else "raw")
    return Job(cell.dataset, digest, cell.method, cell.seed, protocol, k=cell.k, backbone="none", options=mark())
