"""Baselines in benchmarks.yaml: rows like any other, except that training settings do not apply."""

from pathlib import Path

import pytest

from regbench import catalog, config, kinds, variants
from regbench.config import Benchmark, Own
from regbench.errors import UsageError


def benchmark(folder: Path, text: str) -> Benchmark:
    """The benchmark b of a file."""
    path = folder / "benchmarks.yaml"
    path.write_text(f"b: {text}")
    return config.load(path).get("b")


def test_methods_and_baselines_are_rows_of_one_benchmark(tmp_path):
    jobs = benchmark(
        tmp_path, "{datasets: DM, methods: [lsq, soft_binning, ridge, random-forest], k: 5, seeds: 2}"
    ).jobs
    assert [(job.method, job.k, job.seed) for job in jobs] == [
        ("lsq", None, 0),
        ("lsq", None, 1),
        ("soft_binning", 5, 0),
        ("soft_binning", 5, 1),
        ("ridge", None, 0),
        ("random_forest", None, 0),
        ("random_forest", None, 1),
    ]
    assert {job.protocol.epochs for job in jobs if kinds.is_reference(job.method)} == {1}


def test_baselines_alone_need_no_k(tmp_path):
    assert benchmark(tmp_path, "{datasets: DM, methods: [train_mean, knn]}").jobs


def test_a_deterministic_baseline_is_run_once_for_each_split(tmp_path):
    text = "{{datasets: DM, methods: [ridge, random_forest], seeds: [3, 4], protocol: {{split: {}}}}}"
    found = {
        split: [(job.method, job.seed) for job in benchmark(tmp_path, text.format(split)).jobs]
        for split in ("fixed", "per_seed")
    }
    forests = [("random_forest", 3), ("random_forest", 4)]
    assert found == {"fixed": [("ridge", 3), *forests], "per_seed": [("ridge", 3), ("ridge", 4), *forests]}


def test_how_a_benchmark_trains_its_methods_makes_no_other_job_of_a_baseline(tmp_path):
    text = "{{datasets: DM, methods: [lsq, ridge], seeds: 1, protocol: {{{}}}, backbones: {{mlp: {{width: {}}}}}}}"
    (lsq, ridge), (other_lsq, other_ridge), (_, per_seed) = (
        benchmark(tmp_path, text.format(*values)).jobs
        for values in [
            ("epochs: 10, learning_rate: 0.01, batch_size: 32, dropout: 0.1", 64),
            ("epochs: 20, weight_decay: 0.1, clip: 3.0", 128),
            ("split: per_seed", 128),
        ]
    )
    assert lsq.key != other_lsq.key
    assert ridge.key == other_ridge.key != per_seed.key


def test_of_pictures_only_the_constants_are_made_jobs_and_the_rest_is_said_once(tmp_path):
    found = benchmark(tmp_path, "{datasets: [DM, RM], methods: [lsq, train_mean, ridge, knn], seeds: 1}")
    assert [job.method for job in found.jobs if job.dataset == "retinamnist"] == ["lsq", "train_mean"]
    assert found.notes == ("not for images, and so not run on retinamnist: ridge, knn",)
    assert benchmark(tmp_path, "{datasets: DM, methods: [lsq, ridge], seeds: 1}").notes == ()


def test_where_nothing_is_left_of_a_benchmark_the_reason_is_said(tmp_path):
    with pytest.raises(UsageError, match="not for images, and so not run on retinamnist: ridge"):
        config.filter_jobs(benchmark(tmp_path, "{datasets: RM, methods: ridge}"))


@pytest.mark.parametrize(
    ("name", "near"), [("rigde", "ridge"), ("soft_bining", "soft_binning"), ("hist-gradient-bosting", "hist_gradient_")]
)
def test_a_misspelt_row_is_answered_with_the_nearest_of_methods_and_baselines(tmp_path, name, near):
    with pytest.raises(UsageError, match=f"b.methods.*no method called '{name}'; did you mean '{near}"):
        benchmark(tmp_path, f"{{datasets: DM, methods: [lsq, {name}], k: 5}}")
    with pytest.raises(UsageError, match=f"--method: no method called '{name}'; did you mean '{near}"):
        config.filter_jobs(benchmark(tmp_path, "{datasets: DM, methods: lsq}"), methods=[name])


def test_what_a_file_says_may_be_set_is_set_and_nothing_else(tmp_path):
    (job,) = benchmark(tmp_path, "{datasets: DM, methods: ['random_forest[trees=20]'], seeds: 1}").jobs
    assert dict(job.static) == {"trees": 20}
    assert variants.label(job.method, {}, dict(job.static)) == "random_forest[trees=20]"
    with pytest.raises(UsageError, match="random_forest has no hyper-parameter called 'tree'; did you mean 'trees'"):
        benchmark(tmp_path, "{datasets: DM, methods: ['random_forest[tree=20]']}")


def test_a_filter_knows_baselines(tmp_path):
    both = benchmark(tmp_path, "{datasets: DM, methods: [lsq, ridge, knn], seeds: 2}")
    assert [job.method for job in config.filter_jobs(both, methods=["ridge"]).jobs] == ["ridge"]
    assert len(config.filter_jobs(both, methods=["knn"], k=[25], seeds=[0]).jobs) == 1
    with pytest.raises(UsageError, match="b has lsq, ridge, knn"):
        config.filter_jobs(both, methods=["train-mean"])


def test_a_users_table_is_no_picture(tmp_path, house):
    path = tmp_path / "benchmarks.yaml"
    path.write_text("b: {datasets: RM, methods: [ridge], seeds: 1}")
    own = config.load(path).variant("b", {}, Own(tables=(house,)))
    assert [(job.dataset, job.method) for job in own.jobs] == [("house.csv", "ridge")]


def test_the_shipped_baselines_are_all_but_networks_on_the_eight_datasets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = config.load().get("bridges-baselines")
    costly = {name for name in catalog.names("baselines") if catalog.row(name).arguments.get("requires") == "pytabkit"}
    assert {job.method for job in found.jobs} == set(catalog.names("baselines")) - {"ols", *costly}  # of linear tasks
    assert len({job.dataset for job in found.jobs}) == 8
    assert {job.method for job in found.jobs if job.dataset == "retinamnist"} == {"train_mean", "train_median"}
    assert all(job.seed == 0 for job in found.jobs if catalog.row(job.method).arguments["deterministic"])
    assert len({job.key for job in found.jobs}) == len(found.jobs)
