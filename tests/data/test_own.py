import numpy as np
import pytest

from regbench.data import from_file, load
from regbench.data.canonical import exact_digest
from regbench.errors import DataUnavailable, UsageError
from tests.made import data_samples

TABLE = data_samples.table(100)


@pytest.fixture
def csv(tmp_path):
    return data_samples.write_csv(tmp_path / "own.csv", TABLE)


def test_a_file_is_a_dataset_that_loads_as_any_other(csv):
    dataset, table = from_file(csv, "y")
    assert exact_digest(table) == dataset.digest == exact_digest(TABLE)
    assert (dataset.inputs, dataset.sizes, dataset.batch_size, dataset.backbone) == (4, (80, 10, 10), 16, "mlp")
    assert np.array_equal(load(dataset, "own").x, table.x)


def test_arff_and_parquet_are_read_as_well(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(np.concatenate([TABLE.x, TABLE.y], axis=1), columns=[*TABLE.columns, TABLE.target])
    frame.to_parquet(tmp_path / "own.parquet")
    data_samples.write_arff(tmp_path / "own.arff", TABLE)
    for name in ("own.parquet", "own.arff"):
        assert from_file(tmp_path / name, "y")[0].digest == exact_digest(TABLE)


def test_every_digit_of_the_users_own_numbers_is_kept(tmp_path):
    times = [1700000000000.0 + each for each in range(6)]
    (tmp_path / "own.csv").write_text("when,y\n" + "".join(f"{time:.0f},{time % 7}\n" for time in times))
    dataset, table = from_file(tmp_path / "own.csv", "y")
    assert table.x[:, 0].tolist() == load(dataset, "own").x[:, 0].tolist() == times


def test_any_column_may_be_the_target(csv):
    dataset, table = from_file(csv, "x1")
    assert dataset.columns == ("x0", "x2", "x3", "y")
    assert table.y[:, 0] == pytest.approx(TABLE.x[:, 1])


def test_the_row_numbers_that_pandas_writes_are_no_input(csv):
    import pandas as pd

    pd.read_csv(csv).to_csv(csv)
    assert from_file(csv, "y")[0].columns == ("x0", "x1", "x2", "x3")


def test_a_file_that_changed_is_not_taken_for_the_same(csv):
    dataset, _ = from_file(csv, "y")
    data_samples.write_csv(csv, data_samples.table(100, seed=1))
    with pytest.raises(DataUnavailable, match="its content is another"):
        load(dataset, "own")


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("a,b\n1,2\n", "c", "has no column 'c' to be the target; known: a, b"),
        ("price,b\n1,2\n", "prise", "did you mean 'price'"),
        ("a,b,c\n1,x,2\n2,y,3\n", "a", r"columns that are not numeric: 'b'; encode or drop them \(.*row 1: 'x'"),
        ("a,b\n1,\n2,3\n3,?\n4,5\n", "a", r"missing or infinite values in b \(2\)"),
        ("a,b\n1,2\n2,3\n3,4\n", "a", r"has 3 rows; to be split it needs 6 or more"),
        ("a\n1\n2\n", "a", "it has no column besides the target 'a'"),
        ("a,b\n" + "1,2\n" * 6, "a", "the target 'a' is 1 in every row"),
        ("a,b,b\n1,2,3\n2,3,4\n", "a", "it has several columns called 'b'"),
        ("a,b\n1,2,3\n", "a", "row 1: 3 values in a table of 2 columns"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path, text, target, message):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        from_file(tmp_path / "own.csv", target)
    assert str(error.value).count("own.csv") == 1
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(UsageError, match=r"there is no .*own\.csv"):
        from_file(tmp_path / "own.csv", "y")
