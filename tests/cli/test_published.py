"""A published export gives every report that its database gives, in every format."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regbench import config, reports, variants
from regbench.cli.sources import Source
from regbench.config import Benchmark, Benchmarks
from regbench.config.sweep import with_values
from regbench.reports import Options
from regbench.store import DISTILLED_CURVES, Choice, EpochRows, Finished, Member, Store, export
from tests.made.encoders import parameters

METRICS = ("val/rmse", "val/mae", "test/rmse", "test/mae", "seconds")
DIAGNOSTICS = ("encoder/entropy", "encoder/rmse", "decoder/spread", "val/crps", "test/crps")

SHOTS = tuple(f"test/{shot}/mae" for shot in ("many", "median", "few"))

FILE = """
bridges-sweep:
  datasets: synthetic_crescent
  methods: [lsq, soft_binning, end2end]
  k: [9, 25]
  seeds: [1000]
  protocol: {epochs: 2}
  sweep:
    - lambda_kl: [0.1, 1]
bridges:
  datasets: synthetic_crescent
  methods: [lsq, soft_binning, end2end]
  k: [9, 25]
  seeds: 2
  protocol: {epochs: 2}
  choose: {from: bridges-sweep}
bridges-figure5:
  datasets: synthetic_crescent
  methods: [soft_binning, "end2end[lambda_kl=0.1,lambda_kl=1]"]
  k: [9, 25]
  seeds: 1
  protocol: {epochs: 2}
bridges-ablations:
  datasets: synthetic_crescent
  methods: [soft_binning, end2end, "end2end[alpha=0,alpha=0.1,alpha=-0.1,lambda_kl=0]"]
  k: [9, 25]
  seeds: 2
  protocol: {epochs: 2}
bridges-figure2:
  extends: bridges-figure2
  seeds: 1
  protocol: {epochs: 2}
"""
NAMES = ("bridges-sweep", "bridges", "bridges-figure5", "bridges-ablations", "bridges-figure2")
EPOCHS = 3


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A database with made-up numbers of whole benchmarks, and the folder of its distilled exports."""
    place = tmp_path_factory.mktemp("published")
    (place / "benchmarks.yaml").write_text(FILE)
    known = config.load(place / "benchmarks.yaml")
    db, folder = place / "regbench.db", place / "out"
    with Store.open(db) as store:
        for name in NAMES:
            fill(store, known.get(name))
        store.choose("bridges", choices(known))
        for name in NAMES:
            export(store, folder / name, benchmark=name, part=DISTILLED_CURVES)
    return str(db), folder


def fill(store: Store, benchmark: Benchmark) -> None:
    """Finish the jobs of a benchmark, with curves that depend on the job key, and parameters of the method."""
    members = [*planned(benchmark)]
    jobs = {member.job.key: member.job for member in members}
    store.add_dataset(
        digest=members[0].job.digest, name=members[0].job.dataset, sizes=(8, 1, 1), inputs=2,
        target_low=[0, 0], target_high=[1, 1],
    )  # fmt: skip
    store.add_benchmark(benchmark.name, benchmark.config, members)
    claims = store.claim(dict.fromkeys(jobs, "code"), owner="test", lease_s=60, environment={}, device="cpu")
    rows, finished = [], []
    for claim in claims:
        job = jobs[claim.key]
        random, has_encoder = np.random.default_rng(int(job.key[:8], 16)), job.method != "lsq"
        names = METRICS + DIAGNOSTICS * has_encoder + SHOTS
        rows.append(EpochRows(claim.run_id, 0, {"stage1/seconds": 0.1}))
        for epoch in range(1, EPOCHS + 1):
            numbers = random.uniform(0.1, 0.2, len(names))
            rows.append(EpochRows(claim.run_id, epoch, dict(zip(names, numbers, strict=True))))
        own = parameters(job.method, k=job.k or 0, seed=job.seed) if has_encoder else {}
        finished.append(Finished(claim.run_id, seconds=1.0, epochs=EPOCHS, best_epoch=1, parameters=own))
    store.write(rows, claims=claims)
    store.finish(finished, claims=claims)


def planned(benchmark: Benchmark) -> Iterator[Member]:
    """The jobs of a grid, or of the stages of a sweep."""
    for job in benchmark.jobs:
        label = variants.label(job.method, dict(job.hparams), dict(job.static))
        if not benchmark.sweep:
            yield Member(job, label)
        for stage in benchmark.stages(job):
            for values in stage.around({}):
                yield Member(with_values(job, values), f"{label} {values}", label, values)


def choices(known: Benchmarks) -> list[Choice]:
    """As if the first value tried had won in every cell of `end2end`."""
    swept = [member.job for member in planned(known.get("bridges-sweep"))]
    found = []
    for k in (9, 25):
        jobs = [job for job in swept if (job.method, job.k) == ("end2end", k)]
        value = dict(jobs[0].hparams)["lambda_kl"]
        found.append(
            Choice(
                dataset=jobs[0].dataset,
                variant="end2end",
                k=k,
                values={"lambda_kl": value},
                source="bridges-sweep",
                carried_from_k=None,
                by="val/rmse",
                jobs=tuple(job.key for job in jobs),
                winner=(jobs[0].key,),
                metric=0.1,
                default_metric=0.11,
                tried=len(jobs),
                diverged=0,
                on_edge=("lambda_kl",),
            )
        )
    return found


@pytest.fixture(scope="module")
def sources(places: tuple[str, Path]) -> Iterator[tuple[Source, Source]]:
    with Source(places[0], None) as database, Source("none.db", places[1]) as folder:
        yield database, folder


def numbers(source: Source, name: str) -> tuple[reports.Report, Any]:
    report, of_two = reports.load(name), name in ("comparison", "pairs")
    methods = {"comparison": ("lsq", "end2end"), "pairs": ("lsq", "soft_binning", "end2end")}
    given = Options(methods=methods.get(name, ()))
    found = source.find(report, name, benchmark="bridges" if of_two else None, metric="rmse", units="scaled")
    return report, report.compute(found.frame, replace(given, benchmark=found.benchmark))


NO_FEATURES = [name for name in reports.names() if reports.load(name).needs != "features"]  # which are not distilled


@pytest.mark.parametrize("name", NO_FEATURES)
def test_a_folder_gives_every_report_in_every_format_as_the_database_does(
    sources: tuple[Source, Source], tmp_path: Path, name: str
) -> None:
    ours, theirs = (numbers(source, name) for source in sources)
    for form in reports.FORMATS:
        assert reports.show(*ours, format=form) == reports.show(*theirs, format=form)
    files = reports.write(name, *theirs, folder=tmp_path, figures=["svg"], texts=["md"])
    assert {path.suffix for path in files} >= {".csv", ".md", *([".svg"] if theirs[0].draw else [])}
