"""Columns that are no plain numbers become inputs by rules that only training rows decide."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regbench import kinds
from regbench.data import Coded, Table, from_file, load, prepare, prepared
from regbench.data.own.coded import Coding, digest_of, encoded
from regbench.errors import UsageError
from regbench.reading import as_reading
from tests.made import data_samples
from tests.made.jobs import make_job

NAN = float("nan")
TRAIN = np.arange(4)


def coded(x: np.ndarray, *codings: Coding, groups: np.ndarray | None = None) -> Coded:
    y = np.arange(len(x), dtype=np.float64)[:, None]
    names = tuple(coding.name for coding in codings)
    return Coded(x=x, y=y, columns=names, target="y", source="made", codings=codings, groups=groups)


def read(tmp_path: Path, text: str, **given: object) -> tuple[Table, tuple[str, ...]]:
    (tmp_path / "own.csv").write_text(text)
    dataset, table = from_file(tmp_path / "own.csv", "y", as_reading(given))
    assert digest_of(load(dataset, "own")) == dataset.digest
    assert prepared(table).x_train.shape[1] == dataset.inputs
    return table, dataset.notes


def test_gaps_become_the_median_of_the_training_rows_and_a_mark() -> None:
    x = np.array([[1.0], [NAN], [3.0], [8.0], [NAN], [1000.0]])
    assert encoded(x, [Coding("a", marks=True)], TRAIN).tolist() == [[1, 0], [3, 1], [3, 0], [8, 0], [3, 1], [1000, 0]]


def test_a_column_without_a_value_in_the_training_rows_is_zero_there() -> None:
    x = np.array([[NAN], [NAN], [NAN], [NAN], [5.0], [NAN]])
    assert encoded(x, [Coding("a", marks=True)], TRAIN)[:, 0].tolist() == [0, 0, 0, 0, 5, 0]


def test_a_level_without_a_training_row_is_zeros_or_the_code_zero() -> None:
    x = np.array([[0.0], [2.0], [2.0], [0.0], [1.0], [NAN]])
    levels = ("blue", "green", "red")
    columns = encoded(x, [Coding("c", levels, one_hot=True, marks=True)], TRAIN)
    assert columns.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert encoded(x, [Coding("c", levels)], TRAIN)[:, 0].tolist() == [1, 2, 2, 1, 0, 0]


@pytest.mark.parametrize("split", ["fixed", "per_seed", "grouped", "kfold[5]"])
def test_no_row_outside_of_training_decides_a_training_row(split: str) -> None:
    draw = np.random.default_rng(0)
    x = np.column_stack([np.where(draw.random(60) < 0.2, NAN, draw.random(60)), draw.integers(0, 5, 60)])
    codings = (Coding("a", marks=True), Coding("c", tuple("abcde"), one_hot=True))
    data = prepared(coded(x, *codings), split, 1)
    others = np.concatenate([data.rows_val, data.rows_test])
    changed = x.copy()
    changed[others, 0], changed[others, 1] = 99.0 + np.arange(len(others)), 4
    again = prepared(coded(changed, *codings), split, 1)
    if split != "grouped":  # which keeps rows with equal inputs together
        assert np.array_equal(data.rows_train, again.rows_train)
        assert np.array_equal(data.x_train, again.x_train)
    assert sorted(np.concatenate([data.rows_train, others]).tolist()) == list(range(60))


def test_a_coded_table_of_numbers_alone_is_prepared_like_any_other() -> None:
    table = data_samples.table(50)
    same = Coded(**vars(table), codings=tuple(map(Coding, table.columns)))
    for split in ("fixed", "per_seed"):
        one, other = prepare(table, split, 3), prepared(same, split, 3)
        for name in ("x_train", "y_train", "x_val", "y_test", "y_low", "rows_train", "rows_test"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_groups_stay_whole_and_are_part_of_the_digest(tmp_path: Path) -> None:
    text = "house,a,y\n" + "".join(f"h{row // 3},{row * 7 % 13},{row % 5}\n" for row in range(60))
    table, notes = read(tmp_path, text, group="house")
    assert notes[-1] == "the 20 groups of 'house', which is no input, stay whole"
    data = prepared(table, "grouped")
    houses = [set((rows // 3).tolist()) for rows in (data.rows_train, data.rows_val, data.rows_test)]
    assert sum(map(len, houses)) == len(set.union(*houses)) == 20
    assert digest_of(table) != digest_of(read(tmp_path, text, drop=["house"])[0])


def test_every_kind_of_column_is_told_before_training(tmp_path: Path) -> None:
    rows = [
        f"n{row},{20200101 + row},2020-0{row % 3 + 1}-1{row % 7} 1{row % 4}:30,{'yes' if row % 2 else 'No'},"
        f"{'' if row % 4 == 0 else row / 3},{'rgb'[row % 3]},word,,7,{row % 5}"
        for row in range(24)
    ]
    table, notes = read(tmp_path, "\n".join(["name,number,when,ok,gap,color,same,none,seven,y", *rows]))
    names = tuple(name for coding in table.codings for name in coding.names) if isinstance(table, Coded) else ()
    assert names == (
        "number", "when.days", "when.month", "when.weekday", "when.hour", "ok", "gap", "gap is missing",
        "color=b", "color=g", "color=r", "seven",
    )  # fmt: skip
    assert notes == (
        "left out 'name', whose text is another in every row; --keep-index keeps it",
        "left out 'same', which is one text",
        "left out 'none', which has no value",
        "'when' are dates, as days, month, weekday, hour",
        "'seven' is the same in every row",
        "6 gaps of 'gap' filled with the median of the training rows and marked",
        "'color' has 3 levels, as a column each",
    )
    assert table.x[:2, names.index("ok")].tolist() == [0, 1]
    assert table.x[1, 1:5].tolist() == [18303 + 11.5 / 24, 2, 1, 11.5]


def test_each_rule_can_be_switched(tmp_path: Path) -> None:
    rows = [
        f"{row % 3},{'' if row % 4 == 0 else row / 3},{'rgb'[row % 3]},7,2020-01-{row + 1:02},{row % 2 > 0},{row % 5}"
        for row in range(20)
    ]
    text = "\n".join(["shop,gap,color,seven,when,ok,y", *rows])

    def inputs(**rules: object) -> int:
        return prepared(read(tmp_path, text, preprocess=rules)[0]).x_train.shape[1]

    assert inputs() == 1 + 2 + 3 + 1 + 2 + 1
    assert inputs(one_hot=2) == 1 + 2 + 1 + 1 + 2 + 1
    assert inputs(categorical=["shop"]) == 3 + 2 + 3 + 1 + 2 + 1
    assert inputs(constant="drop", dates="drop", booleans="drop", categories="drop") == 1 + 2
    assert read(tmp_path, text, preprocess={"missing": "drop"})[0].rows == 15
    for rule, kind in (
        ("missing", "missing or infinite values in gap"),
        ("categories", "holds a category"),
        ("dates", "holds a date"),
    ):
        with pytest.raises(UsageError, match=kind):
            read(tmp_path, text, preprocess={rule: "refuse"})


@pytest.mark.parametrize(
    ("cells", "inputs", "levels"),
    [
        (["yes", "No"], 1, 0), (["t", "f"], 1, 0), (["True", "-"], 2, 0), (["f", "n"], 2, 2), (["f", "m"], 2, 2),
        (["y", "yes"], 2, 2), (["f", "n.a."], 2, 1), (["1", "--"], 2, 0),
    ],
)  # fmt: skip
def test_only_two_words_that_mean_yes_and_no_are_switches(
    tmp_path: Path, cells: list[str], inputs: int, levels: int
) -> None:
    table, _ = read(tmp_path, "b,x,y\n" + "".join(f"{cells[row % 2]},{row % 7},{row % 5}\n" for row in range(20)))
    assert prepared(table).x_train.shape[1] == inputs + 1
    assert len(table.codings[0].levels if isinstance(table, Coded) else ()) == levels


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "a,y\n" + "".join(f"{row * row % 11},{'' if row == 3 else row % 4}\n" for row in range(12))
    table, notes = read(tmp_path, text)
    assert (table.rows, notes) == (11, ("left out 1 row without a target",))


def test_dates_are_read_as_people_write_them(tmp_path: Path) -> None:
    ways = {
        "2024-02-29": "2024-03-01",
        "29.2.2024": "1.3.2024",
        "29/02/2024": "01/03/2024",
        "02/29/2024": "03/01/2024",
        "2024/2/29": "2024/3/1",
        "2024-02-29T02:00:00+02:00": "2024-03-01 00:00:00Z",
    }
    for first, last in ways.items():
        text = "when,y\n" + "".join(f"{first if row % 2 else last},{row % 4}\n" for row in range(12))
        table, _ = read(tmp_path, text)
        assert table.x[:2, 0].tolist() == [19783, 19782]


def test_several_targets_are_several_dimensions(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(data_samples.csv_text(data_samples.table(30)))
    dataset, table = from_file(tmp_path / "own.csv", ["y", "x1"])
    assert (dataset.target, dataset.targets, table.y.shape) == ("y+x1", ("y", "x1"), (30, 2))
    assert load(dataset, "own").y.shape == (30, 2)


def test_code_that_makes_numbers_of_columns_belongs_to_the_jobs_of_such_tables_alone() -> None:
    plain, own = replace(make_job(), digest="sha256:1"), replace(make_job(), digest="coded:1")
    assert kinds.code_digest(plain) != kinds.code_digest(own)
    assert set(kinds.starts(own)) - set(kinds.starts(plain)) == {kinds.CODING}
