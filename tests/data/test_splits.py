"""Splits other than the usual one: cross-validation, and groups of rows with equal inputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbench import config
from regbench.data import Table, count_seen, prepare, split_rows
from regbench.data.splits import fold, grouped_split, groups_of
from regbench.errors import UsageError
from regbench.job import Job, Pack
from tests.made import data_samples
from tests.made.jobs import make_job

sizes = st.integers(20, 400)


@given(rows=sizes, folds=st.integers(3, 10), repetition=st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_every_row_is_tested_once_in_a_repetition_of_the_cross_validation(rows, folds, repetition):
    splits = [fold(rows, folds, repetition * folds + number) for number in range(folds)]
    for parts in splits:
        assert sorted(np.concatenate(parts)) == list(range(rows))
    for part in (1, 2):
        assert sorted(np.concatenate([parts[part] for parts in splits])) == list(range(rows))
    assert max(len(test) for *_, test in splits) - min(len(test) for *_, test in splits) <= 1


def test_further_seeds_repeat_the_cross_validation_with_other_folds():
    table = data_samples.table(100)
    tests = [split_rows(table, "kfold[5]", seed)[2].tolist() for seed in (0, 5)]
    assert tests[0] != tests[1]
    assert tests[0] == split_rows(table, "kfold[5]", 0)[2].tolist()


@given(rows=sizes, groups=st.integers(8, 200), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_a_group_is_never_divided(rows, groups, seed):
    groups_N = np.unique(np.random.default_rng(seed).integers(groups, size=rows), return_inverse=True)[1]
    largest = np.bincount(groups_N).max()
    try:
        train, val, test = grouped_split(groups_N)
    except UsageError:
        assert largest > 1
        return
    assert sorted(np.concatenate([train, val, test])) == list(range(rows))
    assert len(train)
    for one, other in ((train, val), (train, test), (val, test)):
        assert not set(groups_N[one]) & set(groups_N[other])
    for part, wanted in ((test, rows / 10), (val, rows / 10)):
        assert wanted - 1 <= len(part) < wanted + 2 + 2 * largest


def test_no_row_of_a_grouped_split_has_been_seen():
    x = (np.arange(400.0) % 300)[:, None]
    table = Table(x=x, y=np.linspace(0, 1, 400)[:, None])
    assert min(count_seen(prepare(table))) > 0
    assert count_seen(prepare(table, "grouped")) == (0, 0)


def test_rows_that_are_all_alike_cannot_be_split_by_groups():
    table = Table(x=np.ones((50, 2)), y=np.arange(50.0)[:, None])
    assert groups_of(table).tolist() == [0] * 50
    with pytest.raises(UsageError, match="too many rows have equal inputs"):
        split_rows(table, "grouped")


def test_too_few_rows_for_the_folds_are_one_line():
    with pytest.raises(UsageError, match="has 8 rows; a split needs at least 10"):
        split_rows(data_samples.table(8), "kfold[10]")


def of(split: str) -> tuple[Job, ...]:
    return config.load().get(f"smoke[split={split}]").jobs


def test_a_benchmark_may_name_its_split():
    assert {job.protocol.split for job in of("kfold[5]")} == {"kfold[5]"}
    assert {job.protocol.split for job in of("grouped")} == {"grouped"}
    assert of("fixed") == config.load().get("smoke").jobs


@pytest.mark.parametrize(
    ("split", "says"),
    [
        ("kfold[2]", "folds must be from 3 to 100, not 2"),
        ("groupd", "no split called 'groupd'; did you mean 'grouped'"),
        ("kfold", "no split called 'kfold'; did you mean 'kfold\\[5\\]'"),
    ],
)
def test_a_wrong_split_is_one_line(split, says):
    with pytest.raises(UsageError, match=says):
        of(split)


@pytest.mark.parametrize(("split", "together"), [("fixed", True), ("grouped", True), ("kfold[5]", False)])
def test_seeds_are_packed_together_where_they_share_their_rows(split, together):
    first, second = (Pack.group(make_job("lsq", seed=seed, split=split)) for seed in (0, 1))
    assert (first == second) == together
