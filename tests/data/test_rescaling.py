"""Inputs on other scales: fitted on training rows, and what scikit-learn makes of them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from regbench.data import prepare
from regbench.data.rescaling import rescaled
from regbench.errors import UsageError
from tests.made.data_samples import images, prepared, table

PARTS = ("x_train", "x_val", "x_test")


def with_odd_columns(rows: int = 600):
    """Columns with few values, with one value, and far apart ones."""
    content = table(rows)
    x = content.x.copy()
    x[:, 1] = np.round(2 * x[:, 1])
    x[:, 2] = 3.0
    x[:, 3] = np.exp(5 * x[:, 3])
    return replace(content, x=x)


@pytest.mark.parametrize("inputs", ["scaled", "raw"])
def test_other_names_change_nothing(inputs):
    data = prepared()
    assert rescaled(data, inputs) is data


def test_standardised_inputs_are_scikit_learns_of_the_raw_ones():
    content = with_odd_columns()
    data, raw = rescaled(prepare(content), "standardised"), prepare(content, inputs="raw")
    scaler = StandardScaler().fit(raw.x_train.astype(np.float64))
    for part in PARTS:
        np.testing.assert_allclose(
            getattr(data, part), np.asarray(scaler.transform(getattr(raw, part).astype(np.float64))), atol=1e-4
        )
    assert (data.x_train[:, 2] == 0).all()


def test_quantiles_are_scikit_learns_of_the_raw_ones():
    content = with_odd_columns()
    data, raw = rescaled(prepare(content), "quantiles"), prepare(content, inputs="raw")
    count = max(min(len(raw.x_train) // 30, 1000), 10)
    scaler = QuantileTransformer(n_quantiles=count, output_distribution="normal", subsample=10**9)
    scaler.fit(raw.x_train.astype(np.float64))
    for part in PARTS:
        theirs = np.asarray(scaler.transform(getattr(raw, part).astype(np.float64)))
        for column in (0, 1, 3):
            ours = getattr(data, part)[:, column]
            inside = np.abs(theirs[:, column]) < 5 if column == 1 else slice(None)  # see the test below
            np.testing.assert_allclose(ours[inside], theirs[inside, column], atol=1e-3)
    assert (data.x_train[:, 2] == 0).all()
    assert np.abs(np.concatenate([getattr(data, part) for part in PARTS])).max() < 5.2


def test_the_lowest_of_few_values_is_as_far_out_as_its_share():
    """Scikit-learn puts it at -5.2, however many rows have it."""
    few = np.sort(np.unique(rescaled(prepare(with_odd_columns()), "quantiles").x_train[:, 1]))
    assert len(few) == 5
    assert few == pytest.approx(-few[::-1], abs=0.5)
    assert -2.5 < few[0] < -1.2


def test_only_training_rows_decide():
    content = with_odd_columns()
    usual = prepare(content)
    x = content.x.copy()
    x[usual.rows_test] = 7.0
    for inputs in ("standardised", "quantiles"):
        one, other = rescaled(usual, inputs), rescaled(prepare(replace(content, x=x)), inputs)
        np.testing.assert_array_equal(one.x_train, other.x_train)
        np.testing.assert_array_equal(one.y_train, other.y_train)


def test_images_are_refused():
    with pytest.raises(UsageError, match="inputs=quantiles is for columns"):
        rescaled(prepare(images(60, size=8)), "quantiles")
