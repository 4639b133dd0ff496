"""What every baseline promises, asked of each one in the catalog, and the numbers of those that are installed."""

import ast
import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from regbench import catalog, metrics, roots
from regbench.analysis import order
from regbench.baselines.baseline import Baseline, Candidate, choose
from regbench.data import Prepared
from regbench.kinds import libraries
from regbench.kinds.fitted import Fitted
from tests.baselines.samples import fitted
from tests.made.data_samples import prepared

ROOT = roots.PACKAGE.parent
NAMES = catalog.names("baselines")
CONSTANTS = ("train_mean", "train_median")
MADE_OF = {f"{part}/{name}" for part in ("val", "test") for name in metrics.needing("predictions")}
CORRELATIONS = {f"{part}/{name}" for part in ("val", "test") for name in ("pearson", "spearman")}  # none of a constant
every_baseline = pytest.mark.parametrize("name", NAMES)
every_m = pytest.mark.parametrize("m", [1, 2])


@cache  # for tests that only read the numbers
def once(name: str, targets: int = 1) -> Fitted:
    """The epoch of a baseline on `prepared(120)`."""
    return fitted(name, prepared(120, targets=targets))


def digest(epoch: Fitted) -> str:
    return hashlib.sha256(b"".join(epoch.predictions[part].tobytes() for part in ("val", "test"))).hexdigest()


def test_the_catalog_has_the_baselines_in_the_order_of_tables():
    places = [catalog.entry("baselines", name).arguments["place"] for name in sorted(NAMES, key=order.method_key)]
    assert places == list(range(len(NAMES)))
    assert max(map(order.method_key, catalog.names("methods"))) < min(map(order.method_key, NAMES))


def test_a_name_means_one_thing():
    assert not set(NAMES) & {*catalog.names("methods"), *catalog.names("datasets")}


@every_baseline
def test_a_baseline_says_what_it_is_in_one_sentence_and_names_its_source(name):
    entry = catalog.entry("baselines", name)
    assert entry.summary.endswith(".")
    assert entry.year


@every_baseline
def test_what_the_catalog_reads_without_importing_is_what_the_baseline_is(name):
    entry, baseline = catalog.entry("baselines", name).arguments, catalog.load("baselines", name)
    assert isinstance(baseline, Baseline)
    for field in ("deterministic", "cost", "reference"):
        assert entry[field] == getattr(baseline, field)
    assert entry.get("images", False) is baseline.images is (name in CONSTANTS)
    assert entry.get("requires", "") == baseline.requires
    assert entry.get("static", {}) == baseline.static


@every_baseline
def test_importing_a_baseline_imports_no_libraries(name):
    """So that a listing is fast, and a library that is missing breaks nothing but its own jobs."""
    tree = ast.parse((roots.PACKAGE / "baselines" / f"{name}.py").read_text(encoding="utf-8"))
    named = {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert not {each.split(".")[0] for each in named} & {
        "sklearn",
        "xgboost",
        "lightgbm",
        "catboost",
        "pytabkit",
        "torch",
    }


@every_baseline
@every_m
def test_it_predicts_every_dimension_of_every_row_and_says_nothing(name, m, capfd):
    epoch = fitted(name, prepared(120, targets=m))
    assert {part: each.shape for part, each in epoch.predictions.items()} == {"val": (1, 12, m), "test": (1, 12, m)}
    assert all(each.dtype == np.float32 for each in epoch.predictions.values())
    assert set(epoch.values) >= MADE_OF
    assert all(key in MADE_OF or key.startswith("chosen/") for key in epoch.values)
    undefined = {key for key, value in epoch.values.items() if np.isnan(value).any()}
    assert all(value.shape == (1,) for value in epoch.values.values())
    assert undefined <= (CORRELATIONS if name in CONSTANTS else set())
    assert capfd.readouterr() == ("", "")


@every_baseline
@every_m
def test_errors_are_those_of_the_predictions_on_the_targets_as_they_are(name, m):
    data, epoch = prepared(120, targets=m), once(name, m)
    for part, y in [("val", data.y_val), ("test", data.y_test)]:
        gap = epoch.predictions[part][0].astype(np.float64) - y
        assert epoch.values[f"{part}/rmse"] == pytest.approx(np.sqrt((gap**2).mean()), rel=1e-6)
        assert epoch.values[f"{part}/mae"] == pytest.approx(np.abs(gap).mean(), rel=1e-6)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CONSTANTS])
@every_m
def test_it_beats_the_constant_where_there_is_something_to_learn(name, m):
    data = prepared(400, targets=m)
    assert fitted(name, data).values["test/rmse"] < 0.95 * fitted("train_mean", data).values["test/rmse"]


@every_baseline
def test_another_seed_makes_a_difference_where_it_says_so_and_the_same_seed_never(name):
    again, other = (digest(fitted(name, prepared(120), seed=seed)) for seed in (0, 7))
    first = digest(once(name))
    assert first == again
    assert (first == other) is catalog.entry("baselines", name).arguments["deterministic"]


@pytest.mark.slow
def test_a_fresh_process_gives_the_same_numbers_to_the_last_bit():
    code = (
        "import json, sys\n"
        "from tests.baselines.test_contract import digest, fitted, prepared\n"
        "print(json.dumps({name: digest(fitted(name, prepared(120, targets=2))) for name in sys.argv[1:]}))"
    )
    here = [name for name in NAMES if all(version for _, version in libraries(name))]
    said = subprocess.run([sys.executable, "-c", code, *here], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == {name: digest(fitted(name, prepared(120, targets=2))) for name in here}


def poisoned(data: Prepared, *parts: str) -> Prepared:
    """The data with other numbers in some parts."""
    draw = np.random.default_rng(1)
    return replace(data, **{part: draw.random(getattr(data, part).shape, np.float32) for part in parts})


@every_baseline
def test_test_rows_change_nothing_but_what_is_predicted_for_them(name):
    data = prepared(120)
    clean, dirty = once(name), fitted(name, poisoned(data, "x_test", "y_test"))
    assert np.array_equal(clean.predictions["val"], dirty.predictions["val"])
    kept = [key for key in clean.values if not key.startswith("test/")]
    np.testing.assert_equal({key: clean.values[key] for key in kept}, {key: dirty.values[key] for key in kept})


@every_baseline
def test_validation_rows_are_looked_at_to_choose_and_never_to_fit(name):
    """Whatever they are, what is predicted for the test rows is what one of the grid's models predicts for them."""
    some = [once(name), fitted(name, poisoned(prepared(120), "x_val", "y_val"))]
    alike = digest_of_test(some[0]) == digest_of_test(some[1])
    assert alike or chosen(some[0]) != chosen(some[1])


def digest_of_test(epoch: Fitted) -> bytes:
    return epoch.predictions["test"].tobytes()


def chosen(epoch: Fitted) -> dict[str, float]:
    return {name: float(value[0]) for name, value in epoch.values.items() if name.startswith("chosen/")}


def test_the_candidate_of_lowest_rmse_over_rows_and_dimensions_is_chosen_and_the_first_of_equals():
    y = np.array([[0.0, 1.0], [0.0, 1.0]])
    offsets = {"both": (0.25, 0.25), "second": (0.0, 0.3125), "first": (0.3125, 0.0)}
    candidates = [
        Candidate({"place": place}, lambda x, offset=offset: y + np.array(offset))
        for place, offset in enumerate(offsets.values())
    ]
    assert choose(iter(candidates), np.zeros((2, 3)), y).settings == {"place": 1}


def test_a_candidate_without_a_finite_error_is_not_chosen_over_one_with():
    y = np.zeros((2, 1))
    bad, good = (Candidate({"v": v}, lambda x, v=v: np.full((2, 1), v)) for v in (np.nan, 5.0))
    assert choose([bad, good], y, y) is good
