"""What the HTML page reads, made by hand, and a database whose every text tries to run a script."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from regbench import config, variants
from regbench.analysis.claims import verify
from regbench.papers import claims
from regbench.reports.html.inputs import Inputs, Origins
from regbench.store import EpochRows, Finished, Store
from tests.made.cells import like_the_paper
from tests.made.swept import swept

RUNS = "<script>window.ran='{0}'</script><img src=x onerror=\"window.ran='{0}'\">"
TEXT = "</script><!--<script>" + RUNS + "&amp;{{{{ 7 * 7 }}}}'\"`"
OF_BINS = ("soft_binning", "end2end")
NAMES = ("val/rmse", "val/mae", "test/rmse", "test/mae")


def curves(epochs: int = 4, seeds: int = 3) -> pd.DataFrame:
    """Curves as the store gives them: two methods on one dataset."""
    rows = [
        {"run_id": 10 * seed + place, "dataset": "DM", "method": variant, "variant": variant, "k": k, "settings": {}}
        | {"seed": seed, "epoch": epoch, "epochs": epochs, "name": name, "value": (1 + seed / 10) / epoch**0.5}
        for place, (variant, k) in enumerate([("lsq", None), ("end2end", 25)])
        for seed in range(seeds)
        for epoch in range(1, epochs + 1)
        for name in ("val/rmse", "test/rmse")
    ]
    return pd.DataFrame(rows).astype({"k": "Int64", "value": float})


def origins(cells: pd.DataFrame) -> Origins:
    """A run for every job, all in one environment."""
    found: dict[tuple[str, str, int | None], dict[str, Any]] = {}
    for row in cells.to_dict("records"):
        cell = (str(row["dataset"]), str(row["variant"]), None if pd.isna(row["k"]) else int(row["k"]))
        made = {"dataset": cell[0], "variant": cell[1], "k": cell[2], "digest": "d", "config": {}, "more": 0}
        runs = found.setdefault(cell, {**made, "choice": None, "runs": []})["runs"]
        runs.append({"seed": row["seed"], "state": "finished", "code": "c", "run": "r", "environment": 0, "epochs": 2})
    return Origins({"protocol.epochs": 2}, found, ({"device": "cpu", "python": "3"},))


@cache
def inputs() -> Inputs:
    """A part of the paper's table with coverage, curves, a sweep and claims; nobody changes it."""
    whole = like_the_paper()
    few = whole["dataset"].isin(sorted(set(whole["dataset"]))[:4]) & whole["method"].isin(["lsq", *OF_BINS])
    cells = whole[few].reset_index(drop=True)
    cells = cells.assign(test_coverage=0.9, test_crps=cells["test_mae"].where(cells["method"] != "lsq"), test_nll=None)
    cells = cells.astype({"test_nll": float})
    found = verify(claims.load("bridges"), cells, only=["hierarchy"])
    return Inputs(cells, curves(), swept(), found, origins(cells), "Six methods.")


def hostile(path: Path) -> None:
    """Write a database in which the names of benchmark and dataset, the description and an error are scripts."""
    named = {job.method: job for job in config.load().get("smoke").jobs}
    known = [named[method] for method in ("lsq", "hard_binning", "soft_binning")]
    jobs = [replace(job, dataset=TEXT.format("dataset"), seed=seed) for job in known for seed in range(3)]
    with Store.open(path) as store:
        labels = [(job, variants.label(job.method, {}, {}) + LABEL * (job.method == "soft_binning")) for job in jobs]
        store.add_benchmark(TEXT.format("benchmark"), {"description": TEXT.format("description")}, labels)
        environment = {"host": TEXT.format("host"), "libraries": {TEXT.format("library"): "1"}}
        codes = {job.key: TEXT.format("code") for job in jobs}
        runs = store.claim(codes, owner="t", lease_s=60, environment=environment, device=TEXT.format("device"))
        store.fail(runs[:1], failure_class=TEXT.format("class"), error=TEXT.format("error"))
        errors = [0.1 + 0.01 * place for place in range(len(runs))]
        rows = [
            EpochRows(run.run_id, epoch, dict.fromkeys(NAMES, error / epoch))
            for run, error in zip(runs[1:], errors[1:], strict=True)
            for epoch in (1, 2, 3)
        ]
        store.write(rows, claims=runs)
        store.finish([Finished(run.run_id, seconds=1.0, epochs=3) for run in runs[1:]], claims=runs)


LABEL = "[init=</script><script>window.ran=1</script>]"  # a variant, as a plug-in could have one
