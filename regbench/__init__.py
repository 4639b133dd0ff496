"""A benchmark of deep regression with a result database.

You describe a grid of jobs. Every epoch of every job is stored, and every table, figure and verdict is a query over
the stored results. The command line (`regbench --help`) and this package do the same:

    import regbench

    results = regbench.run("smoke", epochs=5)         # train what is missing; a second call trains nothing
    frame = results.cells()                           # one row per job, as a pandas data frame
    print(regbench.compare(frame, "soft_binning", "lsq").sentence)
    print(regbench.normalise(frame, "lsq").means)

    frame = regbench.load("results/published/bridges/fixed")   # a folder of exports, or a database

Importing regbench is fast: torch, pandas and other large packages are imported by the functions that need them.
Workers are separate processes. They work from notebooks, and scripts need no `if __name__ == "__main__":`.

Terms:

    job          one point of the grid: dataset, method with its hyper-parameters, number of bins k, seed, backbone and
                 protocol. Its key is a hash of all of these
    run          one execution of a job, by one version of the code on one machine. Epochs, checkpoints and predictions
                 belong to a run. Reports use one accepted run per job
    pack         jobs with the same dataset, backbone and protocol, trained together as one batched model
    backbone     the network up to its features: `mlp` or `cnn`
    method       turns the network's outputs into a loss and a prediction, such as `lsq` or `soft_binning`
    head         the last layer, from features to outputs; jobs of a pack with the same method and k share one
    baseline     a reference model that a library fits, such as `ridge` or `xgboost`
    regularizer  an extra term in the loss of a method
    protocol     how a job is trained: epochs, batch size, optimiser, learning rate, split and other settings
    engine       runs packs in slots, one per device or core: processes on this machine
    shard        one of n disjoint parts of a benchmark's jobs, for n machines
    benchmark    a named grid of jobs in benchmarks.yaml, such as `smoke`
    cell         an entry of a table: a dataset, a method and a k, over all seeds
    report       a table or a figure computed from stored runs
"""

from __future__ import annotations

import os
import signal
import sys


def _leave(*_: object) -> None:
    """End the program at once; os.write, because the signal may come while another text is written."""
    os.write(2, b"regbench: interrupted\n")
    os._exit(130)


def _is_program() -> bool:
    """Whether this process is the command line, which imports this package first; Python says -m until it has."""
    started = sys.argv[0] if sys.argv else ""
    return started == "-m" or os.path.basename(started).partition(".")[0] == "regbench"  # noqa: PTH119 - no import


# Until a command runs, Ctrl-C has nothing to keep. An exception would not do: it prints a traceback before `__main__`
# is reached, and extension modules that are being imported print it or replace it with their own.
if _is_program() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)

TYPE_CHECKING = False  # as in `typing`, whose import would take longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from pandas import DataFrame

    from regbench.analysis import Comparison, Normalized
    from regbench.campaign.results import Results
    from regbench.runner import Event

__version__ = "0.1.0"
__all__ = ["compare", "load", "normalise", "run"]


def run(
    *benchmarks: str,
    datasets: Sequence[str] = (),
    methods: Sequence[str] = (),
    k: Sequence[int] = (),
    seeds: Sequence[int] = (),
    epochs: int | None = None,
    settings: Mapping[str, Any] | None = None,
    data: Any = None,
    keep_index: bool = False,
    file: str | Path | None = None,
    db: str | Path = "results/regbench.db",
    devices: str | None = None,
    workers: int | None = None,
    budget: str | None = None,
    shard: str | None = None,
    retry_failed: bool = False,
    choose_again: bool = False,
    verify_packing: float | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Results:
    """Train the missing jobs of some benchmarks, as `regbench run` does; a second call trains nothing.

    `regbench.run("smoke", epochs=5)` trains the variant `smoke[epochs=5]`. `datasets`, `methods`, `k` and `seeds`
    select jobs; what the benchmark lacks of them makes a variant too. Nothing is printed;
    `on_event=print` shows the events.

    Args:
        benchmarks: names of benchmarks; without names, every benchmark of the file.
        datasets: only these, by name or alias.
        methods: only these, such as "lsq" or "soft_binning[lambda_sigma=1]".
        k: only these numbers of bins.
        seeds: only these.
        epochs: train for this number of epochs.
        settings: fields of the protocol to replace, such as {"learning_rate": 0.001}.
        data: a table of your own instead of the benchmark's datasets: a pair of a file or data frame and the column to
            predict, a dataset of scikit-learn, or a mapping such as `{"file": "house.csv", "target": "price", "drop":
            ["id"]}`; or a list of these.
        keep_index: use columns of `data` that only count its rows as inputs too.
        file: a benchmarks file other than ./benchmarks.yaml.
        db: the result database, a file or postgresql://...
        devices: "cpu", "cuda" or "cuda:0,cuda:1"; by default all GPUs, or the CPU without a GPU.
        workers: number of worker processes; by default one per core, or one per GPU.
        budget: train only what should finish in this time, such as "1h30m".
        shard: train only one shard of the jobs, such as "1/3".
        retry_failed: retry jobs that failed with this code.
        choose_again: choose again from the sweep, replacing earlier choices.
        verify_packing: then retrain this fraction of the jobs alone, such as 0.01, and compare.
        on_event: called with every event.

    Returns:
        The results: `finished`, `failed`, and `cells()`, the errors as a data frame. Failed jobs raise no error.

    Raises:
        UsageError: a name or value is wrong; like all of these, it is in `regbench.errors`.
        Interrupted: Ctrl-C was pressed. Finished results are kept, and the same call continues from there.
        Mismatch: `verify_packing` found a number that depends on the pack.
    """
    from regbench import settings as variables
    from regbench.campaign import tables
    from regbench.campaign.campaign import Campaign
    from regbench.campaign.choosing import Wanted, choose
    from regbench.config.amounts import read_duration, read_shard
    from regbench.engines.devices import find_devices
    from regbench.runner import Request

    variables.check()
    wanted = Wanted(
        names=benchmarks,
        file=_path(file),
        datasets=datasets,
        methods=methods,
        k=k,
        seeds=seeds,
        changes={**(settings or {}), **({} if epochs is None else {"epochs": epochs})},
        tables=tables.entries(data, keep_index=keep_index),
        db=str(db),
    )
    request = Request(
        retry_failed=retry_failed,
        choose_again=choose_again,
        shard=None if shard is None else read_shard(shard),
        budget_s=None if budget is None else read_duration(budget),
    )
    chosen = choose(wanted)
    campaign = Campaign(str(db), find_devices(devices, workers), request, on_event)
    campaign.prepare()
    results = campaign.train(campaign.plans(chosen))
    results.check_interruption()
    if verify_packing:
        campaign.verify_packing(results, verify_packing)
    return results


def load(path: str | Path = "results/regbench.db", benchmark: str | None = None) -> DataFrame:
    """The cells of a benchmark: one row per job, with its errors at the epoch that was best on validation rows.

    `regbench.load("results/published/bridges/fixed")` reads a folder that `regbench db export` wrote.

    Args:
        path: a database, or a folder of exports.
        benchmark: its name; by default the one that was run last.

    Returns:
        Columns such as dataset, method, variant, k, seed, val_rmse, test_rmse and test_mae; null if a job is not
        finished.
    """
    from warnings import warn

    from regbench import store
    from regbench.campaign import places

    folder = _path(path)
    opened = places.exports(folder, store.DISTILLED, warn) if folder.is_dir() else places.database(str(path))
    with opened as results:
        return results.cells(places.stored_benchmark(results, benchmark))


def compare(frame: DataFrame, a: str, b: str, **options: Any) -> Comparison:
    """Compare two methods: is `a` better than `b`, or can the data not decide?

    Runs are paired by seed on each dataset, then combined over all datasets. A name without brackets is the default
    variant at k = 25.

    Args:
        frame: from `load`, or `cells()` of what `run` returned.
        a: a method, such as "soft_binning" or "soft_binning[lambda_sigma=1]".
        b: another method.
        options: metric ("rmse" or "mae"), k (a list of one), rope (the relative difference that is too small to matter,
            0.01) and level (the coverage of intervals, 0.95).

    Returns:
        The answer in `sentence` and `verdict`, and the numbers behind it in `overall` and `datasets`.
    """
    from regbench import analysis

    return analysis.compare(frame, a, b, **options)


def normalise(frame: DataFrame, baseline: str = "lsq", metric: str = "rmse") -> Normalized:
    """Errors relative to those of a baseline on the same dataset, and their means over datasets.

    Args:
        frame: from `load`, or `cells()` of what `run` returned.
        baseline: the method that errors are divided by.
        metric: "rmse" or "mae".

    Returns:
        `cells`, the ratios by dataset, method and k, and `means`, over the datasets that all methods have.
    """
    from regbench import analysis

    return analysis.normalize(frame, baseline=baseline, metric=metric)


def _path(path: Any) -> Any:
    from regbench.paths import named

    return None if path is None else named(path)
