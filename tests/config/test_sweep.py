"""A sweep tries what its file says, row by row, and an error in it is reported in one line."""

import itertools
import random
from collections import Counter
from pathlib import Path

import pytest

from regbench import config
from regbench.config import Benchmarks, Own, values_of, with_values
from regbench.config.sweep import Range, Stage, rounded
from regbench.errors import UsageError

BASE = "datasets: [DM], methods: [lsq, soft_binning, end2end], k: [5, 25], seeds: [1000]"


@pytest.fixture
def write(in_tmp: Path):
    """A benchmarks.yaml in the current folder, loaded."""

    def write_and_load(text: str) -> Benchmarks:
        Path("benchmarks.yaml").write_text(text)
        return config.load()

    return write_and_load


@pytest.fixture
def shipped(in_tmp: Path) -> Benchmarks:
    """The benchmarks known without a benchmarks.yaml."""
    return config.load()


def defaults(stages, job):
    """A row's values of all that any stage sweeps."""
    return values_of(job, dict.fromkeys(name for stage in stages for name in stage.axes))


@pytest.mark.parametrize("draw", range(20))
def test_a_grid_is_every_combination_once_in_the_order_of_the_file(draw):
    chance = random.Random(draw)
    names = chance.sample(["learning_rate", "weight_decay", "dropout", "lambda_kl", "lambda_auto"], k=3)
    axes = {name: tuple(sorted({chance.uniform(0.01, 0.9) for _ in range(chance.randint(1, 4))})) for name in names}
    centre = {**dict.fromkeys(names, -1.0), "encoder_lr": 0.5}
    found = list(Stage(axes).around(centre))
    assert [tuple(values[name] for name in axes) for values in found] == list(itertools.product(*axes.values()))
    assert all(values["encoder_lr"] == 0.5 and values.keys() == centre.keys() for values in found)
    assert len(found) == Stage(axes).size


def test_a_swept_field_reaches_the_rows_that_have_it_and_do_not_fix_it(write):
    rows = "[lsq, end2end, 'end2end[lambda_kl=2]', 'soft_binning[lambda_sigma=0.5]']"
    text = "b: {%s, methods: %s, sweep: [{learning_rate: [1e-3, 1e-2], lambda_kl: [0.1, 1], lambda_sigma: [1, 2]}]}"
    sweep = write(text % (BASE.replace("methods: [lsq, soft_binning, end2end], ", ""), rows)).get("b")
    fields = {sweep.label(job): [tuple(stage.axes) for stage in sweep.stages(job)] for job in sweep.jobs if job.k != 5}
    assert fields == {
        "lsq": [("learning_rate",)],
        "end2end": [("learning_rate", "lambda_kl", "lambda_sigma")],
        "end2end[lambda_kl=2]": [("learning_rate", "lambda_sigma")],
        "soft_binning": [("learning_rate",)],  # 0.5 is its default, but it was written out
    }
    assert sweep.size == 2 + 2 * (8 + 4 + 2)


def test_a_model_that_is_not_trained_by_us_has_nothing_to_sweep():
    assert Stage({"learning_rate": (0.1,)}).of("ridge", frozenset()) is None


def test_the_values_of_a_configuration_are_the_values_of_its_job(shipped):
    job = next(job for job in shipped.get("bridges-fixed").jobs if job.method == "end2end")
    values = {"learning_rate": 0.02, "optimizer": "adamw", "lambda_kl": 0.5}
    changed = with_values(job, values)
    assert values_of(changed, values) == values
    assert with_values(changed, values_of(job, values)) == job


def test_the_sweep_of_the_first_paper_has_the_grid_that_was_agreed(shipped):
    sweep = shipped.get("bridges-sweep")
    sizes = {(job.method, job.k): [stage.size for stage in sweep.stages(job)] for job in sweep.jobs}
    assert sizes["lsq", None] == [5]
    assert sizes["soft_binning", 15] == [5]
    assert sizes["end2end", 25] == [30, 9]
    first = sweep.sweep[0].axes["lambda_kl"]
    assert first == tuple(rounded(10 ** (-0.5 + j / 3)) for j in range(-2, 4))
    images = shipped.get("bridges-sweep-images")
    assert {(job.dataset, job.k) for job in images.jobs} == {("retinamnist", None), ("retinamnist", 25)}
    assert {job.method: stage.size for job in images.jobs for stage in images.stages(job)} == {
        **dict.fromkeys(["lsq", "lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder"], 3),
        "end2end": 9,
    }
    assert {job.protocol.keep_predictions for job in (*sweep.jobs, *images.jobs)} == {"none"}


def test_every_cell_that_a_shipped_benchmark_reports_can_be_chosen(shipped):
    for name in ("bridges", "bridges-tuned"):
        chooses = shipped.get(name)
        assert chooses.choose is not None
        swept = {(job.dataset, source.label(job)) for source in chooses.choose.sources for job in source.jobs}
        assert {(job.dataset, chooses.label(job)) for job in chooses.jobs} <= swept
        reported = {job.seed for job in chooses.jobs}
        assert not reported & {job.seed for source in chooses.choose.sources for job in source.jobs}


def test_random_search_tries_as_much_for_every_method_and_their_defaults_first(shipped):
    sweep = shipped.get("bridges-tuned-sweep")
    tried = {}
    for job in sweep.jobs:
        (stage,) = sweep.stages(job)
        usual = defaults([stage], job)
        found = list(stage.around(usual))
        assert len(found) == len({tuple(values.items()) for values in found}) == 20
        assert with_values(job, found[0]) == job
        tried[job.method] = found[1:]
    shared = ("learning_rate", "weight_decay", "optimizer", "dropout")
    paired = {tuple(tuple(values[name] for name in shared) for values in found) for found in tried.values()}
    assert len(paired) == 1
    assert {values["optimizer"] for values in tried["lsq"]} == {"adam", "adamw"}
    assert all(3e-4 <= values["learning_rate"] <= 3e-2 for values in tried["lsq"])
    assert all(0.03 <= values["lambda_kl"] <= 10 for values in tried["end2end"])


def test_draws_spread_over_the_whole_of_a_logarithmic_range():
    stage = Stage({"learning_rate": Range(1e-4, 1.0)}, sample=401)
    drawn = [values["learning_rate"] for values in stage.around({"learning_rate": 0.5})][1:]
    decades = Counter(int(f"{rate:e}".partition("e")[2]) for rate in drawn)
    assert set(decades) == {-4, -3, -2, -1}
    assert min(decades.values()) > 70
    other = [values["learning_rate"] for values in Stage(stage.axes, sample=3, draw=1).around({"learning_rate": 0.5})]
    assert not set(other[1:]) & set(drawn)


def test_draws_from_lists_end_when_all_combinations_have_come():
    stage = Stage({"optimizer": ("adam", "adamw"), "dropout": (0.0, 0.1)}, sample=20)
    for dropout, expected in ((0.1, 4), (0.3, 5)):
        found = list(stage.around({"optimizer": "adam", "dropout": dropout}))
        assert len(found) == len({tuple(values.items()) for values in found}) == expected


def test_overrides_and_own_tables_reach_the_sweep_too(shipped, house):
    variant = shipped.get("bridges[epochs=20]")
    assert variant.choose is not None
    assert [source.name for source in variant.choose.sources] == [
        "bridges-sweep[epochs=20]",
        "bridges-sweep-images[epochs=20]",
    ]
    assert {job.protocol.epochs for source in variant.choose.sources for job in source.jobs} == {20}
    own = shipped.variant("bridges", {"epochs": 5}, Own(tables=(house,)))
    assert own.choose is not None
    assert own.choose.sources[0].name == "bridges-sweep[data=house.csv,epochs=5]"
    assert {job.dataset for source in own.choose.sources for job in source.jobs} == {"house.csv"}


def test_what_is_swept_cannot_be_set(shipped):
    with pytest.raises(UsageError, match=r"bridges-sweep\[learning_rate=0.01\]: it tries values of learning_rate"):
        shipped.variant("bridges", {"learning_rate": 0.01})


def test_a_benchmark_that_chooses_may_be_extended(write):
    known = write("fewer: {extends: bridges, datasets: [DM], seeds: 2}")
    assert {job.dataset for job in known.get("fewer").jobs} == {"diamonds"}
    assert known.get("fewer").config["expected"] == {"diamonds": 38}


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ("[{learing_rate: [1]}]", "sweep[0].learing_rate: nothing called 'learing_rate' can be swept; did you mean"),
        ("[{lambda_k: [1]}]", "sweep[0].lambda_k: nothing called 'lambda_k' can be swept; did you mean 'lambda_kl'?"),
        ("[{learning_rate: []}]", "sweep[0].learning_rate: is empty, so there is nothing to try"),
        ("[{learning_rate: 1e-3}]", "sweep[0].learning_rate: must be a list of the values to try, not 0.001"),
        ("[{learning_rate: [1e-3, 0]}]", "sweep[0].learning_rate[1]: learning_rate must be greater than 0, not 0"),
        ("[{learning_rate: [1e-3, fast]}]", "[1]: learning_rate must be a finite number, not 'fast'"),
        ("[{learning_rate: [.nan]}]", "sweep[0].learning_rate[0]: learning_rate must be a finite number"),
        ("[{learning_rate: [1e-3, 0.001]}]", "[1]: 0.001 is already there, as learning_rate[0]"),
        ("[{dropout: [1]}]", "sweep[0].dropout[0]: dropout must be less than 1, not 1"),
        ("[{optimizer: [lion]}]", "sweep[0].optimizer[0]: optimizer must be 'adam', 'adamw' or 'sgd', not 'lion'"),
        ("[{lambda_kl: [-1]}]", "sweep[0].lambda_kl[0]: lambda_kl must not be negative, not -1"),
        ("[{learning_rate: [0.1]}, {}]", "sweep[1]: names no field to try values of"),
        ("[{learning_rate: [0.1], extend: [lambda_kl]}]", "no field of this stage is called 'lambda_kl'"),
        ("[{learning_rate: [0.1], extend: [learning_rate]}]", "extend[0]: learning_rate needs two or more values"),
        ("[{weight_decay: [0, 0.1], extend: weight_decay}]", "extend[0]: weight_decay needs two or more values above"),
        ("[{dropout: [0.1, 0.2], extend: dropout}]", "dropout ends at 1"),
        ("[{learning_rate: [0.1], extend_limit: 2}]", "extend_limit belongs to `extend: [FIELD]`"),
        (
            "[{learning_rate: [0.1, 0.2], extend: learning_rate, extend_limit: 0}]",
            "must be a whole number from 1 to 100, not 0",
        ),
        ("[{learning_rate: {low: 0.1, high: 1}}]", "a range needs random search, such as `sample: 20`"),
        ("[{learning_rate: [0.1], draw: 1}]", "draw is the seed of a random search"),
        ("[{sample: 1, learning_rate: [0.1]}]", "sample: must be a whole number from 2 to 10,000, not 1"),
        ("[{sample: 3, learning_rate: {low: 1, high: 0.1}}]", "must be above 0 and low below high, not 1 and 0.1"),
        ("[{sample: 3, learning_rate: {low: 1}}]", "must be {low: 1e-4, high: 1e-2} or a list of values"),
        ("[{sample: 3, optimizer: {low: 1, high: 2}}]", "must be a list of optimizers"),
        ("[{sample: 3, learning_rate: [1, 2], extend: learning_rate}]", "a random search has no edges"),
        ("[{sample: 10001, learning_rate: [1, 2]}]", "sample: must be a whole number from 2 to 10,000, not 10001"),
        ("[{sample: 3, draw: .inf, learning_rate: [1, 2]}]", "draw: must be a whole number from 0 to"),
        ("[{learning_rate: [1, 2], extend: learning_rate, extend_limit: 101}]", "from 1 to 100, not 101"),
        ("[{learning_rate: [1e30]}]", "learning_rate must be less than or equal to 1000000000, not 1e+30"),
        ("[{lambda_kl: [1e300]}]", "lambda_kl must be from -1e+09 to 1e+09, not 1e+300"),
        ("[{sample: 3, lambda_kl: {low: 1, high: .inf}}]", "lambda_kl must be a finite number"),
        ("{learning_rate: [1]}", "sweep: must be a list of stages"),
        ("[]", "sweep: is empty, so there is nothing to try"),
        ("[{encoder_lr: [1]}, {lambda_pred: [1]}]", None),
        ("[{learning_rate: [1]}, {lambda_wide: [1]}]", "sweep[1].lambda_wide: nothing called 'lambda_wide'"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_one_line_with_its_place(write, sweep, said):
    text = f"fine: {{extends: smoke}}\nb:\n  extends: smoke\n  seeds: [1000]\n  sweep: {sweep}\n"
    if said is None:
        assert write(text).get("b").sweep
        return
    with pytest.raises(UsageError) as caught:
        write(text)
    message = str(caught.value)
    assert message.startswith("benchmarks.yaml:5, b.sweep")
    assert said in message
    assert "\n" not in message


def test_a_field_that_no_row_has_is_refused(write):
    with pytest.raises(UsageError, match=r"benchmarks.yaml:2, b.sweep\[0\].lambda_kl: no row has lambda_kl to sweep: "):
        write("b: {extends: smoke, methods: ['end2end[lambda_kl=1]', lsq],\n sweep: [{lambda_kl: [1, 2]}]}")


SWEEP = "s: {" + BASE + ", sweep: [{learning_rate: [1e-3, 1e-2]}]}\n"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("choose: bridges", "b.choose: must say from which sweep"),
        ("choose: {by: val/rmse}", "b.choose: must say from which sweep"),
        ("choose: {from: s, metric: x}", "b.choose.metric: no field called 'metric'; known: from, by"),
        ("choose: {from: s, by: test/rmse}", "b.choose.by: no validation metric called 'test/rmse'; known: val/rmse"),
        ("choose: {from: []}", "b.choose.from: is empty"),
        ("choose: {from: [s, s]}", "b.choose.from[1]: s is already there"),
        ("choose: {from: t}", "b.choose.from: no benchmark called 't'"),
        ("choose: {from: smoke}", "b.choose.from: smoke is no sweep: it has no field `sweep`"),
        ("choose: {from: s}, seeds: [0, 1000]", "b.seeds: seed 1000 is also one of s, which it chooses from"),
        ("choose: {from: s}, datasets: [DM, EL]", "no sweep it chooses from has lsq on elevators"),
        ("choose: {from: s}, methods: [lsq, hard_binning]", "no sweep it chooses from has hard_binning"),
        ("choose: {from: s}, sweep: [{learning_rate: [1]}]", "b: has both sweep and choose"),
    ],
)
def test_what_is_wrong_with_a_choice_is_one_line_with_its_place(write, entry, said):
    base = {pair.partition(":")[0]: pair for pair in BASE.replace("[1000]", "2").split(", ") if ":" in pair}
    own = [text for name, text in base.items() if f"{name}:" not in entry and name in {"datasets", "seeds"}]
    rest = [] if "methods" in entry else ["methods: [lsq, soft_binning, end2end]"]
    with pytest.raises(UsageError) as caught:
        write(SWEEP + "b: {" + ", ".join([*own, *rest, "k: [5, 25]", entry]) + "}")
    assert str(caught.value).startswith("benchmarks.yaml:2, ")
    assert said in str(caught.value)


def test_a_row_that_fixes_what_its_sweep_tries_is_refused(write):
    with pytest.raises(UsageError, match=r"b.methods: soft_binning fixes lambda_sigma, and its sweep tries values"):
        write(
            "s: {extends: smoke, seeds: [9], methods: [soft_binning], sweep: [{lambda_sigma: [1, 2]}]}\n"
            "b: {extends: smoke, methods: ['soft_binning[lambda_sigma=0.5]'], choose: {from: s}}"
        )
