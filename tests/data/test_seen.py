"""Held-out rows whose inputs a training row has too."""

import numpy as np
import pandas as pd
import pytest

from regbench import metrics
from regbench.analysis import leaks
from regbench.data import Table, count_seen, from_file, prepare, seen_rows
from regbench.data.splits import split_rows
from regbench.errors import UsageError
from regbench.reports import Options
from regbench.reports.shared import units


def table_of(x: np.ndarray) -> Table:
    return Table(x=x.astype(np.float64), y=np.arange(float(len(x)))[:, None])


def test_a_row_is_seen_if_a_training_row_has_its_inputs_whatever_the_target():
    x = np.arange(40.0)[:, None] * [1.0, -1.0]
    train, val, test = split_rows(table_of(x))
    x[val[0]], x[test[1]] = x[train[3]], x[train[5]]
    x[test[2]] = x[val[1]]  # equal to a held-out row only
    seen = seen_rows(prepare(table_of(x)))
    assert seen["val"].nonzero()[0].tolist() == [0]
    assert seen["test"].nonzero()[0].tolist() == [1]
    assert count_seen(prepare(table_of(x))) == (1, 1)


def test_zeros_of_both_signs_are_one_value():
    x = np.arange(40.0)[:, None] - 20
    train, _, test = split_rows(table_of(x))
    x[train[0]], x[test[0]] = 0.0, -0.0
    assert seen_rows(prepare(table_of(x), inputs="raw"))["test"][0]


def test_an_own_table_says_how_many_of_its_rows_are_seen(tmp_path):
    rows = [f"{number % 10},{number}" for number in range(100)]
    (tmp_path / "house.csv").write_text("\n".join(["size,price", *rows]))
    assert from_file(tmp_path / "house.csv", "price")[0].seen == (10, 10)


def test_a_metric_is_taken_over_the_rows_asked_for():
    assert metrics.over("Unseen") == ("unseen/rmse", "unseen/mae")
    assert metrics.over("seen", "MAE") == ("seen/mae",)
    assert metrics.over("all", "crps") == ("crps",)
    assert metrics.about("unseen/rmse").is_error
    with pytest.raises(UsageError, match="did you mean 'unseen'"):
        metrics.over("unsen")
    with pytest.raises(UsageError, match="kept for rmse and mae, not for crps"):
        metrics.over("unseen", "crps")


def test_errors_on_some_rows_are_converted_to_original_units_like_all_errors():
    columns = {f"{name}_mean": [0.5] for name in ("rmse", "unseen/rmse", "r2")}
    cells = pd.DataFrame({"dataset": ["diamonds"], **columns})
    converted = units.convert(cells, Options(units="original", ranges={"diamonds": (1.0, 5.0)}))
    assert [converted[name].iloc[0] for name in columns] == [2.0, 2.0, 0.5]


def test_a_table_of_results_names_the_datasets_with_seen_rows():
    (line,) = leaks.note(["wine_quality", "cpu_act", "diamonds", "forgotten"])
    wine, diamonds = (leaks.share(name) for name in ("wine_quality", "diamonds"))
    assert f"WN {100 * wine:.1f} %" in line
    assert f"DM {100 * diamonds:.1f} %" in line
    assert "CA" not in line
    assert leaks.note(["cpu_act"]) == ()
