import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from regbench import catalog
from regbench.data import nested_split, prepare, split_rows
from regbench.data.splits import FEWEST_ROWS
from regbench.errors import UsageError
from tests.made import data_samples

# Table 1 of the first paper; CA's test part is one row longer than it prints, for its parts must sum to 8192.
TABLE_1 = {
    6497: (5197, 650, 650),
    13750: (11000, 1375, 1375),
    17379: (13903, 1738, 1738),
    21263: (17010, 2126, 2127),
    16599: (13279, 1660, 1660),
    8192: (6553, 819, 820),
    53940: (43152, 5394, 5394),
}


@pytest.mark.parametrize(("rows", "sizes"), TABLE_1.items())
def test_the_split_has_the_sizes_of_table_1(rows, sizes):
    parts = nested_split(rows)
    assert tuple(map(len, parts)) == sizes
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(rows))


@given(rows=st.one_of(st.integers(FEWEST_ROWS, 300), st.integers(301, 60_000)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_the_split_is_scikit_learns_for_every_number_of_rows_and_every_seed(rows, seed):
    assert_scikit_learns(rows, seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", [*catalog.names("datasets")])
def test_the_split_of_every_dataset_is_scikit_learns(name, seed):
    assert_scikit_learns(sum(catalog.load("datasets", name).sizes), seed)


def assert_scikit_learns(rows: int, seed: int) -> None:
    train, held_out = train_test_split(np.arange(rows), test_size=0.2, random_state=seed)
    expected = (train, *train_test_split(held_out, test_size=0.5, random_state=seed))
    for part, sklearns in zip(nested_split(rows, seed), expected, strict=True):
        assert part.dtype == np.int64
        assert np.array_equal(part, sklearns)


def test_the_seed_moves_only_a_split_per_seed():
    table = data_samples.table(100)
    fixed = [split_rows(table, "fixed", seed)[0].tolist() for seed in (0, 7)]
    drawn = [split_rows(table, "per_seed", seed)[0].tolist() for seed in (0, 7)]
    assert fixed[0] == fixed[1] == drawn[0] != drawn[1]


def test_an_official_split_is_kept_and_keeps_its_sizes_when_drawn_again():
    table = data_samples.images(60)
    train, val, test = split_rows(table)
    assert [part.tolist() for part in (train, val, test)] == [[*range(36)], [*range(36, 48)], [*range(48, 60)]]
    assert [len(part) for part in split_rows(table, "per_seed", 1)] == [36, 12, 12]


def test_inputs_and_targets_are_scaled_by_the_training_rows_alone():
    table = data_samples.table(100, targets=2)
    outlier = split_rows(table)[2][0]
    table.x[outlier, 0], table.y[outlier, 1] = 50.0, -50.0
    ready = prepare(table)
    for values in (ready.x_train, ready.y_train):
        assert (values.min(0), values.max(0)) == (pytest.approx(0), pytest.approx(1))
    assert ready.x_test[0, 0] > 10
    assert ready.y_test[0, 1] < -10


def test_arrays_are_contiguous_float32_and_targets_go_back_to_their_units():
    table = data_samples.table(100, targets=3)
    ready = prepare(table)
    for name in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"):
        assert getattr(ready, name).dtype == np.float32
        assert getattr(ready, name).flags.c_contiguous
    back = ready.y_low + (ready.y_high - ready.y_low) * ready.y_val
    assert back == pytest.approx(table.y[ready.rows_val], abs=1e-6)


def test_a_constant_column_is_zero_in_every_part():
    table = data_samples.table(100)
    table.x[:, 2] = 7.0
    table.x[split_rows(table)[2], 2] = 9.0
    ready = prepare(table)
    assert not ready.x_train[:, 2].any()
    assert not ready.x_test[:, 2].any()


def test_pictures_are_standardised_per_channel_on_the_training_rows():
    table = data_samples.images(60)
    table.x[:, 2] = 5
    ready = prepare(table)
    assert ready.x_train.shape == (36, 3, 28, 28)
    assert ready.x_train[:, :2].mean((0, 2, 3)) == pytest.approx(0, abs=1e-4)
    assert ready.x_train[:, :2].std((0, 2, 3)) == pytest.approx(1, abs=1e-4)
    assert not ready.x_train[:, 2].any()


def test_what_cannot_be_split_or_scaled_is_refused():
    table = data_samples.table(100)
    with pytest.raises(UsageError, match="no split called 'perseed'"):
        prepare(table, "perseed")
    with pytest.raises(UsageError, match="has 3 rows"):
        prepare(data_samples.table(3))
    with pytest.raises(UsageError, match="target 'y' has the same value in all 80 training rows"):
        prepare(replace(table, y=np.ones((100, 1))))


@pytest.mark.parametrize("targets", ["scaled", "raw"])
@pytest.mark.parametrize("inputs", ["scaled", "raw"])
@pytest.mark.parametrize(
    "table", [data_samples.table(100, targets=2), data_samples.images(60)], ids=["table", "images"]
)
def test_raw_values_stay_as_they_are_and_scale_nothing_else(table, inputs, targets):
    usual, ready = prepare(table), prepare(table, inputs=inputs, targets=targets)
    for part in ("train", "val", "test"):
        x, y, rows = (getattr(ready, f"{what}_{part}") for what in ("x", "y", "rows"))
        assert (x.dtype, y.dtype) == (np.float32, np.float32)
        assert np.array_equal(x, table.x[rows].astype(np.float32) if inputs == "raw" else getattr(usual, f"x_{part}"))
        assert np.array_equal(y, table.y[rows].astype(np.float32) if targets == "raw" else getattr(usual, f"y_{part}"))
        assert ready.y_low + (ready.y_high - ready.y_low) * y == pytest.approx(table.y[rows], abs=1e-6)
    if targets == "raw":
        assert (ready.y_low == 0).all()
        assert (ready.y_high == 1).all()


def test_only_raw_targets_can_all_be_positive():
    table = data_samples.table(100)
    above = replace(table, y=table.y - table.y.min() + 1)
    assert prepare(above, targets="raw").is_positive
    assert not prepare(above).is_positive
    assert not prepare(replace(above, y=above.y - 1), targets="raw").is_positive


def test_a_scaling_that_is_not_known_is_refused():
    table = data_samples.table(100)
    with pytest.raises(UsageError, match="no inputs called 'rwa'; known: scaled, raw"):
        prepare(table, inputs="rwa")
    with pytest.raises(UsageError, match="no targets called 'log'"):
        prepare(table, targets="log")
    with pytest.raises(UsageError, match="same value"):
        prepare(replace(table, y=np.ones((100, 1))), targets="raw")


def test_the_usual_preparation_is_bit_for_bit_what_was_published():
    """The hash was taken before values could stay raw."""
    content = hashlib.sha256()
    for table in (data_samples.table(100, targets=2), data_samples.images(60)):
        ready = prepare(table)
        for name in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "y_low", "y_high"):
            content.update(getattr(ready, name).tobytes())
    assert content.hexdigest()[:16] == "b2c7fff996b5bd3e"


def test_shots_are_counted_by_the_rule_of_the_dataset_or_by_density_on_any_table():
    table = data_samples.table(300)
    assert prepare(table).shots == {}
    found = prepare(table, shots="density").shots
    assert {part: len(shots) for part, shots in found.items()} == {"train": 240, "val": 30, "test": 30}
    own = prepare(replace(table, y=np.round(table.y), shots="ages")).shots
    assert own.keys() == found.keys()
    with pytest.raises(UsageError, match="no shots called 'densty'; known: dataset, ages, density"):
        prepare(table, shots="densty")
    with pytest.raises(UsageError, match=r"shots=density counts rows by target, and .* has 2 dimensions"):
        prepare(data_samples.table(100, targets=2), shots="density")
