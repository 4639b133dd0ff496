"""benchmarks.yaml becomes jobs, and an error in it is reported in one line before anything runs."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from regbench import catalog, config
from regbench.config import Benchmarks, Own
from regbench.errors import UsageError

ROOT = Path(__file__).parents[2]
Write = Callable[[str], Benchmarks]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A benchmarks.yaml in the current folder, loaded."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text: str) -> Benchmarks:
        Path("benchmarks.yaml").write_text(text)
        return config.load()

    return write_and_load


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Benchmarks:
    """The benchmarks known without a benchmarks.yaml."""
    monkeypatch.chdir(tmp_path)
    return config.load()


def test_the_grid_of_table_2_has_8_datasets_19_rows_and_5_seeds(shipped: Benchmarks) -> None:
    jobs = shipped.get("bridges-fixed").jobs
    assert len({job.key for job in jobs}) == len(jobs) == 760
    assert {dataset: count for dataset, count in Counter(job.dataset for job in jobs).items() if count != 95} == {}
    assert len({job.dataset for job in jobs}) == 8
    assert len({(job.method, job.hparams, job.k) for job in jobs}) == 19


def test_smoke_is_six_methods_on_diamonds(shipped: Benchmarks) -> None:
    jobs = shipped.get("smoke").jobs
    assert len(jobs) == 12
    assert {(job.dataset, job.k) for job in jobs} == {("diamonds", 25), ("diamonds", None)}
    assert len({job.method for job in jobs}) == 6


def test_the_file_of_the_repository_says_what_is_shipped(shipped: Benchmarks) -> None:
    """The top-level file only extends the shipped benchmarks, so the two cannot drift."""
    ours = config.load(ROOT / "benchmarks.yaml")
    assert sorted(ours.own) == sorted(shipped.names())
    for name in ours.own:
        assert ours.get(name) == shipped.get(name)


def test_figure_5_is_bins_on_four_datasets_and_weights_on_one(shipped: Benchmarks) -> None:
    jobs = shipped.get("bridges-figure5").jobs
    assert Counter(job.method for job in jobs) == {"soft_binning": 4 * 9 * 3, "end2end": 9 * 3, "lsq": 3}
    weights = sorted({dict(job.hparams)["lambda_kl"] for job in jobs if job.method == "end2end"})
    assert weights == pytest.approx([10 ** (-0.5 + step / 3) for step in range(-3, 6)])


def test_a_benchmark_takes_in_the_jobs_of_others_each_once_and_trains_them_as_it_is_told(write: Write) -> None:
    ours = write("b:\n  extends: smoke\n  methods: [lsq, end2end]\n  also: [smoke, c]\nc:\n  extends: smoke\n  k: 5\n")
    for name, epochs in (("b", 40), ("b[epochs=3]", 3)):
        jobs = ours.get(name).jobs
        assert len(jobs) == len(set(jobs)) == 12 + 5 * 2
        assert {job.protocol.epochs for job in jobs} == {epochs}
    assert ours.get("b").config != write("b:\n  extends: smoke\n  methods: [lsq, end2end]\n").get("b").config


def test_a_method_that_ignores_k_is_one_job_a_seed(write: Write) -> None:
    jobs = write("b: {datasets: DM, methods: [lsq, hard_binning], k: [5, 15], seeds: 3}").get("b").jobs
    assert Counter((job.method, job.k) for job in jobs) == {
        ("lsq", None): 3,
        ("hard_binning", 5): 3,
        ("hard_binning", 15): 3,
    }


def test_jobs_have_the_batch_size_of_the_dataset_and_the_dropout_of_the_backbone(shipped: Benchmarks) -> None:
    jobs = {job.dataset: job for job in shipped.get("bridges-fixed").jobs}
    assert {name: (job.backbone, job.protocol.batch_size) for name, job in jobs.items()} == {
        "wine_quality": ("mlp", 256),
        "ailerons": ("mlp", 512),
        "bike_sharing": ("mlp", 512),
        "superconductivity": ("mlp", 512),
        "elevators": ("mlp", 512),
        "cpu_act": ("mlp", 256),
        "diamonds": ("mlp", 1024),
        "retinamnist": ("cnn", 64),
    }
    assert (jobs["diamonds"].protocol.dropout, jobs["diamonds"].protocol.weight_decay) == (0.3, 1e-4)
    assert (jobs["retinamnist"].protocol.dropout, jobs["retinamnist"].protocol.weight_decay) == (0.5, 1e-2)
    assert dict(jobs["diamonds"].options) == {"layers": 2, "width": 128}
    assert all(job.digest.startswith("sha256:") for job in jobs.values())


def test_defaults_are_spelled_out_so_that_a_key_does_not_depend_on_how_a_method_was_written(write: Write) -> None:
    texts = ["soft_binning", "'soft_binning[lambda_sigma=0.5]'", "{soft_binning: {lambda_sigma: 0.5}}", "soft-binning"]
    keys = set()
    for text in texts:
        keys |= {job.key for job in write(f"b: {{extends: smoke, methods: [{text}]}}").get("b").jobs}
    assert len(keys) == 2  # one for each seed


def test_a_list_of_values_is_a_grid_of_variants(write: Write) -> None:
    for methods in ("['soft_binning[lambda_sigma=0.5,lambda_sigma=1]']", "[{soft_binning: {lambda_sigma: [0.5, 1]}}]"):
        benchmark = write(f"b: {{extends: smoke, methods: {methods}}}").get("b")
        assert benchmark.config["methods"] == ["soft_binning", "soft_binning[lambda_sigma=1]"]
        assert len(benchmark.jobs) == 4


def test_a_benchmark_that_extends_another_changes_only_what_it_says(write: Write) -> None:
    benchmarks = write(
        """
wide:
  extends: bridges_fixed
  datasets: [DM, RM]
  protocol: {epochs: 7}
  backbones:
    mlp: {width: 64}
wider:
  extends: wide
  protocol: {learning_rate: 1e-2}
  backbones:
    mlp: {dropout: 0}
"""
    )
    jobs = {job.dataset: job for job in benchmarks.get("wider").jobs}
    assert len(benchmarks.get("wider").jobs) == 2 * 19 * 5
    assert dict(jobs["diamonds"].options) == {"layers": 2, "width": 64}
    assert (jobs["diamonds"].protocol.dropout, jobs["retinamnist"].protocol.dropout) == (0.0, 0.5)
    assert (jobs["diamonds"].protocol.epochs, jobs["diamonds"].protocol.learning_rate) == (7, 0.01)
    assert benchmarks.get("wide").jobs[0].protocol.learning_rate == 3e-3
    assert benchmarks.description("wide") == "bridges_fixed with other datasets, protocol, backbones."


def test_all_means_every_name_there_is(write: Write) -> None:
    benchmark = write("b: {datasets: all, methods: all, k: 5, seeds: [3]}").get("b")
    assert len({job.dataset for job in benchmark.jobs}) >= 8
    assert len({job.method for job in benchmark.jobs}) >= 6


def test_an_override_makes_a_variant_with_a_name_that_can_be_used_again(shipped: Benchmarks) -> None:
    variant = shipped.variant("smoke", {"epochs": 3})
    assert variant.name == "smoke[epochs=3]"
    assert shipped.get("smoke[epochs=3]") == variant
    assert {job.protocol.epochs for job in variant.jobs} == {3}
    assert not {job.key for job in variant.jobs} & {job.key for job in shipped.get("smoke").jobs}
    assert shipped.variant("smoke[epochs=3]", {"learning_rate": 0.01}).name == "smoke[epochs=3,learning_rate=0.01]"


def test_an_override_that_changes_nothing_is_no_variant(shipped: Benchmarks) -> None:
    epochs = shipped.get("smoke").jobs[0].protocol.epochs
    assert shipped.variant("smoke", {"epochs": epochs}) == shipped.get("smoke")


def test_filters_choose_jobs_and_leave_the_benchmark_what_it_is(shipped: Benchmarks) -> None:
    benchmark = shipped.get("bridges-fixed")
    chosen = config.filter_jobs(benchmark, k=[25], seeds=[0, 1])
    assert (chosen.name, chosen.whole, len(chosen.jobs)) == (benchmark.name, benchmark.jobs, 8 * 7 * 2)
    assert {job.method for job in chosen.jobs if job.k is None} == {"lsq"}
    assert len(config.filter_jobs(chosen, datasets=["dm"], methods=["soft-binning"]).jobs) == 4
    assert len(config.filter_jobs(chosen, methods=["soft_binning[lambda_sigma=1]"]).jobs) == 16


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"datasets": ["diamnds"]}, "--dataset: no dataset called 'diamnds'; did you mean 'diamonds'?"),
        ({"methods": ["soft_bining"]}, "--method: no method called 'soft_bining'; did you mean 'soft_binning'?"),
        ({"k": [1]}, "--k 1: a number of bins must be 2 or more"),
        ({"k": [7]}, "--k 7: smoke has 25"),
        ({"seeds": [9]}, "--seed 9: smoke has 0, 1"),
        ({"datasets": ["CA"]}, "--dataset CA: smoke has diamonds"),
        ({"methods": ["lsq[x=1]"]}, "--method: lsq has no hyper-parameter called 'x'; it has none"),
    ],
)
def test_a_filter_that_cannot_match_is_refused(shipped: Benchmarks, filters: dict, message: str) -> None:
    with pytest.raises(UsageError) as error:
        config.filter_jobs(shipped.get("smoke"), **filters)
    assert str(error.value) == message


def test_a_table_of_the_users_own_gets_the_methods_of_a_benchmark(shipped: Benchmarks, house: str) -> None:
    benchmark = shipped.variant("smoke", {"epochs": 2}, Own(tables=(house,)))
    assert benchmark.name == "smoke[data=house.csv,epochs=2]"
    digest = catalog.entry("datasets", house).arguments["digest"]
    assert {(job.dataset, job.digest, job.protocol.batch_size) for job in benchmark.jobs} == {(house, digest, 16)}


def test_a_method_of_the_users_own_joins_the_rows_of_a_benchmark(shipped: Benchmarks) -> None:
    benchmark = shipped.variant("smoke", {}, Own(methods=("l1", "huber[beta=2]", "lsq")))
    assert benchmark.name == "smoke[method=l1,method=huber[beta=2]]"
    rows = {job.method for job in benchmark.jobs}
    assert {"l1", "huber"} == rows - {job.method for job in shipped.get("smoke").jobs}
    assert shipped.variant("smoke", {}, Own(methods=("lsq",))) == shipped.get("smoke")


def test_a_file_names_the_folders_of_its_plug_ins(tmp_path: Path) -> None:
    """Paths are relative to the file, and plugins are found before methods are looked up."""
    (tmp_path / "mine" / "methods").mkdir(parents=True)
    (tmp_path / "mine" / "methods" / "mine.py").write_text('"""Mine."""\nMETHOD = Method(uses_k=False, reference="")\n')
    path = tmp_path / "benchmarks.yaml"
    path.write_text("plugins: mine\nb: {datasets: RM, methods: [mine], seeds: 1}\n")
    known = config.load(path)
    assert known.own == ("b",)
    assert {job.method for job in known.get("b").jobs} == {"mine"}
    path.write_text("plugins: [nowhere]\nb: {datasets: RM, methods: [lsq], seeds: 1}\n")
    with pytest.raises(UsageError, match=r"benchmarks\.yaml:1, plugins\[0\]: .*nowhere: there is no such folder"):
        config.load(path)


WRONG = {
    "a misspelt method": (
        "bridges:\n  datasets: DM\n  methods:\n    - lsq\n    - soft_bining\n",
        "benchmarks.yaml:5, bridges.methods[1]: no method called 'soft_bining'; did you mean 'soft_binning'?",
    ),
    "a misspelt dataset": (
        "b:\n  extends: smoke\n  datasets: [diamands]\n",
        "benchmarks.yaml:3, b.datasets[0]: no dataset called 'diamands'; did you mean 'diamonds'?",
    ),
    "a misspelt field": (
        "b:\n  extends: smoke\n  dataset: DM\n",
        "benchmarks.yaml:3, b.dataset: no field called 'dataset'; did you mean 'datasets'?",
    ),
    "a misspelt field of the protocol": (
        "b:\n  extends: smoke\n  protocol:\n    epoch: 5\n",
        "benchmarks.yaml:4, b.protocol.epoch: no field called 'epoch'; did you mean 'epochs'?",
    ),
    "a misspelt benchmark": (
        "b:\n  extends: bridges-fixd\n",
        "benchmarks.yaml:2, b.extends: no benchmark called 'bridges-fixd'; did you mean 'bridges-fixed'?",
    ),
    "a misspelt hyper-parameter": (
        "b:\n  extends: smoke\n  methods:\n    - soft_binning[lambda_sigm=1]\n",
        "benchmarks.yaml:4, b.methods[0]: soft_binning has no hyper-parameter called 'lambda_sigm'; "
        "did you mean 'lambda_sigma'?",
    ),
    "a misspelt setting of a backbone": (
        "b:\n  extends: smoke\n  backbones:\n    mlp:\n      widht: 3\n",
        "benchmarks.yaml:5, b.backbones.mlp.widht: no setting of mlp is called 'widht'; did you mean 'width'?",
    ),
    "one bin": (
        "b:\n  extends: smoke\n  k: 1\n",
        "benchmarks.yaml:3, b.k[0]: k = 1: a number of bins must be 2 or more",
    ),
    "half a bin": (
        "b:\n  extends: smoke\n  k: [2.5]\n",
        "benchmarks.yaml:3, b.k[0]: must be a whole number of bins, not 2.5",
    ),
    "an empty grid": (
        "b:\n  extends: smoke\n  k: []\n",
        "benchmarks.yaml:3, b.k: is empty, so there is nothing to run",
    ),
    "no datasets": ("b:\n  methods: all\n", "benchmarks.yaml:1, b: names no datasets, so there is nothing to run"),
    "no bins for a method that needs them": (
        "b:\n  datasets: DM\n  methods: [lsq, hard_binning]\n",
        "benchmarks.yaml:1, b: names no k, and hard_binning needs one, such as `k: [25]`",
    ),
    "no seeds": ("b:\n  extends: smoke\n  seeds: 0\n", "benchmarks.yaml:3, b.seeds: must be at least 1 seed, not 0"),
    "a seed twice": (
        "b:\n  extends: smoke\n  seeds: [0, 1, 1]\n",
        "benchmarks.yaml:3, b.seeds[2]: 1 is already there, as seeds[1]",
    ),
    "a method twice": (
        "b:\n  extends: smoke\n  methods: [soft_binning, 'soft_binning[lambda_sigma=0.5]']\n",
        "benchmarks.yaml:3, b.methods[1]: soft_binning is already there, as methods[0]",
    ),
    "a dataset twice": (
        "b:\n  extends: smoke\n  datasets: [DM, diamonds]\n",
        "benchmarks.yaml:3, b.datasets[1]: diamonds is already there, as datasets[0]",
    ),
    "negative epochs": (
        "b:\n  extends: smoke\n  protocol: {epochs: -5}\n",
        "benchmarks.yaml:3, b.protocol.epochs: must be greater than or equal to 1, not -5",
    ),
    "a learning rate in words": (
        "b:\n  extends: smoke\n  protocol: {learning_rate: fast}\n",
        "benchmarks.yaml:3, b.protocol.learning_rate: must be a finite number, not 'fast'",
    ),
    "a width of zero": (
        "b:\n  extends: smoke\n  methods:\n    - soft_binning:\n        lambda_sigma: [1, 0]\n",
        "benchmarks.yaml:5, b.methods[0].soft_binning.lambda_sigma: lambda_sigma must be greater than 0, not 0",
    ),
    "a lambda that is no number": (
        "b:\n  extends: smoke\n  methods:\n    - soft_binning[lambda_sigma=nan]\n",
        "benchmarks.yaml:4, b.methods[0]: lambda_sigma must be a finite number, not 'nan'",
    ),
    "an unknown split": (
        "b:\n  extends: smoke\n  protocol: {split: random}\n",
        "benchmarks.yaml:3, b.protocol.split: no split called 'random'; known: fixed, per_seed, grouped, kfold[5]",
    ),
    "a dropout of one": (
        "b:\n  extends: smoke\n  protocol: {dropout: 1}\n",
        "benchmarks.yaml:3, b.protocol.dropout: must be less than 1, not 1",
    ),
    "a misspelt benchmark to take in": (
        "b:\n  extends: smoke\n  also: [bridges-fixd]\n",
        "benchmarks.yaml:3, b.also[0]: no benchmark called 'bridges-fixd'; did you mean 'bridges-fixed'?",
    ),
    "a sweep to take in": (
        "b:\n  extends: smoke\n  also: bridges-sweep\n",
        "benchmarks.yaml:3, b.also[0]: bridges-sweep has sweep, and only plain grids can be combined",
    ),
    "jobs of jobs of others": (
        "b:\n  extends: smoke\n  also: bridges-figure5\n",
        "benchmarks.yaml:3, b.also[0]: bridges-figure5 has also, and only plain grids can be combined",
    ),
    "a circle": ("a:\n  extends: b\nb:\n  extends: a\n", "benchmarks.yaml:4, b.extends: goes in a circle: a → b → a"),
    "a benchmark twice": ("b:\n  extends: smoke\nb:\n  extends: smoke\n", "benchmarks.yaml:3, b: named twice"),
    "a list at the top": (
        "- smoke\n",
        "benchmarks.yaml:1: must be names of benchmarks, each with its fields, not a list",
    ),
    "brackets inside brackets": (
        "b:\n  extends: smoke\n  methods: [lsq, soft_binning[lambda_sigma=1]]\n",
        "benchmarks.yaml:3: not YAML: expected ',' or ']', but got '['; "
        "a method with brackets stands on its own line or in quotes",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_answered_with_file_line_entry_and_remedy(write: Write, what: str) -> None:
    text, message = WRONG[what]
    with pytest.raises(UsageError) as error:
        write(text)
    assert str(error.value) == message


def test_a_misspelt_benchmark_gets_the_nearest_name(shipped: Benchmarks) -> None:
    with pytest.raises(UsageError, match="no benchmark called 'smok'; did you mean 'smoke'"):
        shipped.get("smok")
    with pytest.raises(UsageError, match="smoke, protocol: no field called 'epoch'; did you mean 'epochs'"):
        shipped.get("smoke[epoch=3]")
    with pytest.raises(UsageError, match="smoke, protocol epochs: must be greater than or equal to 1, not -1"):
        shipped.variant("smoke", {"epochs": -1})


def test_a_file_that_is_not_there_or_not_text_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        config.load(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        config.load(tmp_path / "binary.yaml")


def test_an_empty_file_leaves_the_shipped_benchmarks(write: Write) -> None:
    assert {"bridges-fixed", "smoke"} <= set(write("").names())
    assert write("").own == ()


def test_reading_benchmarks_needs_neither_torch_nor_pandas() -> None:
    script = (
        "import sys; from regbench import config; config.load().get('bridges-fixed');"
        "sys.exit(bool({'torch', 'pandas', 'sqlalchemy', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("own", "name", "jobs"),
    [
        (Own(seeds=(2, 3, 4, 9)), "smoke[seed=2-4,seed=9]", 36),
        (Own(seeds=(1,)), "smoke", 12),
        (Own(datasets=("cpu_act",)), "smoke[dataset=cpu_act]", 24),
        (Own(k=(5, 25)), "smoke[k=5]", 22),
        (Own(methods=("huber[beta=2]",), seeds=(2,)), "smoke[method=huber[beta=2],seed=2]", 21),
    ],
)
def test_what_a_benchmark_lacks_makes_a_variant_whose_name_is_read_back(shipped, own, name, jobs):
    made = shipped.variant("smoke", {}, own)
    assert (made.name, len(made.jobs)) == (name, jobs)
    assert shipped.get(name) == made
    assert shipped.variant(name, {"epochs": 2}).jobs == shipped.variant("smoke", {"epochs": 2}, own).jobs


def test_a_benchmark_of_the_command_line_alone_is_named_and_read_back(shipped):
    made = shipped.get("ad-hoc[dataset=CA,method=lsq,method=soft_binning]")
    assert {(job.method, job.k) for job in made.jobs} == {("lsq", None), ("soft_binning", 25)}
    assert len(made.jobs) == 10
    assert shipped.get(made.name) == made
    assert {job.seed for job in shipped.variant("ad-hoc", {}, Own((), ("cpu_act",), ("lsq",), (), (7,))).jobs} == {7}
    with pytest.raises(UsageError, match="name a dataset and a method"):
        shipped.get("ad-hoc[method=lsq]")


@pytest.mark.parametrize("name", ["smoke[seed=x]", "smoke[seed=5-2]", "smoke[seed=0-99999999]", "smoke[k=1]"])
def test_a_wrong_number_in_a_name_says_what_it_must_be(shipped, name):
    with pytest.raises(UsageError, match="must be a whole number from"):
        shipped.get(name)


def test_a_benchmark_may_be_called_no_or_2026(write: Write) -> None:
    known = write("no: {extends: smoke}\n2026: {extends: smoke}\nfine: {extends: smoke, k: [5]}\n")
    assert {"no", "2026", "fine"} <= set(known.names())
