import os
import sys

import numpy as np
import pytest

from regbench.data import Table, column_names, describe, from_file, load
from regbench.data.canonical import exact_digest
from regbench.errors import DataUnavailable, UsageError
from regbench.reading import Reading
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


@pytest.mark.parametrize("index", ["from_0", "from_1", "reversed", "shuffled"])
def test_a_column_that_only_counts_the_rows_is_left_out_and_named(tmp_path, index):
    numbers = {
        "from_0": np.arange(100),
        "from_1": np.arange(1, 101),
        "reversed": np.arange(100)[::-1],
        "shuffled": np.random.default_rng(0).permutation(100) + 1,
    }[index]
    counted = Table(np.column_stack([TABLE.x[:, :1], numbers]).astype(np.float64), TABLE.y, ("x0", "id"), "y")
    path = data_samples.write_csv(tmp_path / "own.csv", counted)
    dataset, table = from_file(path, "y")
    assert dataset.columns == table.columns == ("x0",)
    assert dataset.notes == ("left out 'id', which counts the rows; --keep-index keeps it",)
    assert load(dataset, "own").x.shape == (100, 1)
    kept = describe(path, "y", Reading(keep_index=True))
    assert kept.columns == ("x0", "id")
    assert kept.digest != dataset.digest


def test_an_only_input_is_kept_even_if_it_counts_the_rows(tmp_path):
    (tmp_path / "own.csv").write_text("t,y\n" + "".join(f"{row},{row * row % 7}\n" for row in range(12)))
    dataset, _ = from_file(tmp_path / "own.csv", "y")
    assert dataset.columns == ("t",)
    assert dataset.notes == ("'t' counts the rows, and is kept because there is no other input",)


def test_the_shuffled_index_that_pandas_writes_is_no_input(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"x": TABLE.x[:, 0], "y": TABLE.y[:, 0]}).sample(50, random_state=0)
    frame.to_csv(tmp_path / "own.csv")
    assert from_file(tmp_path / "own.csv", "y")[0].columns == ("x",)


def test_a_file_without_header_keeps_its_first_row_and_says_so(tmp_path):
    text = data_samples.write_csv(tmp_path / "own.csv", TABLE).read_text()
    (tmp_path / "own.csv").write_text(text.partition("\n")[2])
    dataset, table = from_file(tmp_path / "own.csv", "5")
    assert (table.rows, dataset.columns) == (100, ("1", "2", "3", "4"))
    assert "the first line holds numbers only and is read as a row" in dataset.notes[0]
    assert exact_digest(load(dataset, "own")) == exact_digest(TABLE)
    assert column_names(tmp_path / "own.csv") == ("1", "2", "3", "4", "5")
    with pytest.raises(UsageError, match=r"no column 'y' to be the target; the first line holds numbers only"):
        from_file(tmp_path / "own.csv", "y")


@pytest.mark.parametrize("names", ["0,1,2", "1,2,3", "400.5,402.5,ripe", "400.5,402.5,404.5"])
def test_numbers_may_be_names(tmp_path, names):
    (tmp_path / "own.csv").write_text(f"{names}\n" + "".join(f"{n % 3},{n % 5},{n % 4}\n" for n in range(20)))
    dataset, table = from_file(tmp_path / "own.csv", names.split(",")[2])
    assert (table.rows, dataset.columns) == (20, tuple(names.split(",")[:2]))


def test_the_index_of_a_data_frame_is_named_where_it_is_left_out(tmp_path):
    import pandas as pd

    pd.DataFrame({"x": TABLE.x[:, 0], "y": TABLE.y[:, 0]}, index=pd.Index(range(100), name="id")).to_parquet(
        tmp_path / "own.parquet"
    )
    assert from_file(tmp_path / "own.parquet", "y")[0].notes == ("left out 'id', the index of the data frame",)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_path_that_is_no_utf8_can_be_stored(tmp_path):
    path = data_samples.write_csv(tmp_path / os.fsdecode(b"own\xff.csv"), TABLE)
    dataset, table = from_file(path, "y")
    assert table.source.endswith("own\\udcff.csv")
    assert load(dataset, "own").rows == 100


def test_a_loop_of_links_is_one_line(tmp_path):
    (tmp_path / "own.csv").symlink_to(tmp_path / "own.csv")
    with pytest.raises(UsageError, match=r"own\.csv: Too many levels of symbolic links"):
        from_file(tmp_path / "own.csv", "y")


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
        ("a,b\n" + "1,2\n2,3\n" * 4 + "3,x\n", "a", r"column 'b', row 9: 'x' is not a number, as 8 of 9 cells are"),
        ("b,a\nx,1\ny,2\nx,3\n", "b", r"the target 'b' holds no numbers but 'x'"),
        ("a,b\n1,2\n2,inf\n3,-inf\n4,5\n", "a", r"missing or infinite values in b \(2\)"),
        ("a,b\n1,2\n2,3\n3,4\n", "a", r"has 3 rows; to be split it needs 6 or more"),
        ("a\n1\n2\n", "a", "it has no column besides the target 'a'"),
        ("a,b\n" + "1,2\n" * 6, "a", "the target 'a' is 1 in every row"),
        ("a,b\n" + "1,2\n2,3\n" * 2 + "1,2\n", "a", r"has 5 rows; to be split it needs 6 or more"),
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
