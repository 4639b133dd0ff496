"""What an estimator promises: regbench's own numbers, the unit of the target, and clear refusals."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from regbench import catalog, roots
from regbench.data import Table, prepare
from regbench.roots import Added
from regbench.sklearn.asked import Asked, jobs
from regbench.training.loop import Training
from tests.sklearn.made import SMALL, rows, small


def test_predictions_are_those_of_a_training_of_regbench():
    """The mean over the seeds, each at the epoch that was best on the same validation rows."""
    x, y = rows()
    own = small("soft_binning", seeds=3).fit(x[:100], y[:100])
    order = [*np.random.RandomState(0).permutation(100), *range(100, 120)]
    data = prepare(Table(x=x[order], y=y[order, None], parts=(90, 10, 20)))
    fields = {name: value for name, value in SMALL.items() if name != "options"}
    wanted = jobs(Asked("soft_binning", 5, "mlp", SMALL["options"], fields), [0, 1, 2], 90)
    epochs = list(Training(wanted, data))
    error = np.stack([epoch.values["val/rmse"] for epoch in epochs])
    np.testing.assert_array_equal(own.history_["val/rmse"], error)
    np.testing.assert_array_equal(own.best_epoch_, error.argmin(0) + 1)
    scaled = np.mean([epochs[epoch].predictions["test"][row] for row, epoch in enumerate(error.argmin(0))], axis=0)
    expected = data.y_low + (data.y_high - data.y_low) * scaled
    np.testing.assert_allclose(own.predict(x[100:]), expected[:, 0], rtol=1e-6)
    assert own.seeds_ == [0, 1, 2]


@pytest.mark.parametrize("method", ["lsq", "end2end", "pinball", "coral", "gaussian_nll", "lsq+ranksim", "lsq+lds"])
def test_it_learns_in_the_unit_of_the_target(method):
    x, y = rows(200)
    model = small(method, k=9, epochs=40, learning_rate=2e-2).fit(x[:160], y[:160])
    assert model.score(x[160:], y[160:]) > 0.7


def test_several_targets_have_a_column_each():
    x, y = rows(targets=2)
    model = small("two_hot").fit(x, y)
    assert model.predict(x).shape == (120, 2)
    assert model.predict_quantiles(x, (0.2, 0.8)).shape == (120, 2, 2)
    found = model.predict_distribution(x)
    np.testing.assert_allclose(found.mean(), model.predict(x), rtol=1e-6)


def test_a_number_of_random_state_gives_the_seeds_of_a_benchmark():
    x, y = rows()
    assert small(seeds=2, random_state=1, epochs=1).fit(x, y).seeds_ == [2, 3]
    drawn = small(epochs=1, random_state=np.random.RandomState(3)).fit(x, y).seeds_
    assert drawn == small(epochs=1, random_state=np.random.RandomState(3)).fit(x, y).seeds_


def test_without_validation_rows_the_last_epoch_counts():
    x, y = rows()
    model = small(validation_fraction=0, seeds=2).fit(x, y)
    assert model.best_epoch_.tolist() == [10, 10]
    assert list(model.history_) == ["train/loss"]


def test_it_can_be_searched_in_a_pipeline_over_methods_and_regularizers():
    x, y = rows()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), small(epochs=2)),
        {
            "encoderdecoderregressor__method": ["lsq", "lsq+multi_target[m=2]"],
            "encoderdecoderregressor__k": np.array([3]),
            "encoderdecoderregressor__learning_rate": np.array([1e-2]),
        },
        cv=2,
    ).fit(x, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_method_of_the_users_own_is_found_again_where_a_copy_is_read(in_tmp):
    (in_tmp / "mine.py").write_text("def criterion(prediction, target):\n    return (prediction - target) ** 2\n")
    x, y = rows()
    model = small("./mine.py", epochs=1).fit(x, y)
    copied = pickle.dumps(model)
    expected = model.predict(x)
    roots.use(Added())
    assert "mine" not in catalog.names("methods")
    np.testing.assert_array_equal(pickle.loads(copied).predict(x), expected)


def test_nothing_is_written_and_settings_of_the_process_are_put_back(in_tmp):
    x, y = rows()
    torch.set_num_threads(2)
    try:
        small().fit(x, y).predict(x)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert float(torch.tensor(1e-310, dtype=torch.float64) * 1.0) > 0
    assert not list(in_tmp.iterdir())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "end2ned"}, "no method called 'end2ned'; did you mean 'end2end'"),
        ({"method": "lsq+rott"}, "no regularizer or wrapper called 'rott'; did you mean 'rot'"),
        ({"method": "ridge"}, "ridge is a reference model"),
        ({"method": "lsq[backbone=mlp]"}, "by the parameter `backbone`"),
        ({"method": 3}, "method must be a text"),
        ({"k": 1}, "k must be a whole number from 2 to"),
        ({"seeds": 0}, "seeds must be a whole number from 1 to"),
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"optimizer": "sgdd"}, "optimizer"),
        ({"backbone": "cnn"}, "reads images"),
        ({"options": {"widht": 3}}, "did you mean 'width'"),
        ({"options": {"width": 0}}, "width must be at least 1"),
        ({"protocol": {"warmpu": 0.1}}, "did you mean 'warmup'"),
        ({"protocol": {"split": "per_seed"}}, "means nothing to an estimator"),
        ({"protocol": {"epochs": 3}}, "epochs is a parameter of its own"),
        ({"method": "lsq", "protocol": {"decide": "val/crps"}}, "lsq has no val/crps"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"random_state": -1}, "random_state must be from 0"),
    ],
)
def test_a_wrong_parameter_is_named(settings, said):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the message follows
        small(**settings).fit(*rows(20))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_ensemble_that_diverged_is_refused():
    x, y = rows()
    with pytest.raises(ValueError, match="every model diverged"):
        small("lsq", learning_rate=1e9, clip=0.0, schedule="constant", options={"layers": 4}).fit(x, y)


def test_only_a_method_with_a_distribution_predicts_one():
    assert not hasattr(small("lsq"), "predict_quantiles")
    assert not hasattr(small("no_such_method"), "predict_distribution")
    assert hasattr(small("gaussian_nll"), "predict_quantiles")


def test_regbench_and_its_command_line_do_not_import_scikit_learn():
    code = "import sys, regbench, regbench.cli.main; print('sklearn' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False"]


def test_every_method_of_the_catalog_is_accepted():
    x, y = rows(40)
    for name in catalog.names("methods"):
        assert np.isfinite(small(name, epochs=1).fit(x, y).predict(x)).all(), name
