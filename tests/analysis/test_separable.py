"""What seeds separate in a table: identities, limits, and how often the truly best row is left unmarked."""

import numpy as np
import pandas as pd
import pytest

from regbench.analysis import aggregate, budget, flips
from regbench.analysis.separable import Errors, near, ranks, row_of
from tests.made.cells import frame, grid, row

NAN = float("nan")


def judged(made: pd.DataFrame, metric: str = "rmse") -> dict[tuple[str, str], bool]:
    """Dataset and variant -> whether the cell is marked as not separable from the best."""
    cells = aggregate(made)
    best = cells[f"{metric}_mean"] == cells.groupby("dataset")[f"{metric}_mean"].transform("min")
    marked = near(cells, best, pd.Series(data=False, index=cells.index), Errors(made, metric))
    return dict(zip(zip(cells["dataset"], cells["variant"], strict=True), marked, strict=True))


def order(made: pd.DataFrame, *names: str) -> list[int | None]:
    cells = aggregate(made).drop_duplicates("variant").set_index("variant", drop=False).loc[list(names)]
    return ranks([row_of(cell) for _, cell in cells.iterrows()], sorted(set(made["dataset"])), Errors(made, "rmse"))


SPLIT = {"lsq": {"CA": [1.0, 1.1, 1.05, 0.97]}, "end2end": {"CA": [2.0, 2.2, 2.11, 1.93]}}


def test_what_moves_with_the_best_seed_by_seed_is_separable_however_much_seeds_vary() -> None:
    close = {"lsq_softmax": {"CA": [1.04, 1.02, 1.16, 0.98]}}
    assert judged(grid({**SPLIT, **close})) == {
        ("CA", "lsq"): False, ("CA", "lsq_softmax"): True, ("CA", "end2end"): False,
    }  # fmt: skip


def test_a_cell_alone_with_one_common_seed_is_not_separable_and_without_any_pair_nothing_is_marked() -> None:
    short = {"lsq_softmax": {"CA": [9.0]}}
    assert judged(grid({**SPLIT, **short}))["CA", "lsq_softmax"]
    assert not any(judged(grid({name: {"CA": [values["CA"][0]]} for name, values in SPLIT.items()})).values())


def test_models_that_draw_nothing_are_compared_with_every_seed_of_the_others_and_exactly_with_each_other() -> None:
    made = frame(
        [row("CA", "knn", 0, 1.5, k=None), row("CA", "ridge", 0, 1.6, k=None)]
        + [row("CA", "lsq", seed, error) for seed, error in enumerate([1.0, 1.01, 1.02])]
    )
    assert judged(made) == {("CA", "lsq"): False, ("CA", "knn"): False, ("CA", "ridge"): False}
    assert order(made, "lsq", "knn", "ridge") == [1, 2, 3]


def test_rows_that_cannot_be_separated_share_a_rank() -> None:
    made = grid({**SPLIT, "lsq_softmax": {"CA": [1.04, 1.02, 1.16, 0.98]}})
    assert order(made, "lsq", "lsq_softmax", "end2end") == [1, 1, 3]


def test_a_row_without_an_error_somewhere_has_no_rank_and_one_seed_gives_none() -> None:
    made = grid({"lsq": {"CA": [1.0, 1.1], "DM": [1.0, 1.1]}, "end2end": {"CA": [2.0, 2.2], "DM": [NAN, NAN]}})
    assert order(made, "lsq", "end2end") == [None, None]  # a rank is among rows
    assert order(grid({name: {"CA": [values["CA"][0]]} for name, values in SPLIT.items()}), *SPLIT) == [None, None]


def test_a_split_drawn_for_each_seed_separates_less() -> None:
    apart = np.exp([0.05 - 0.0186, 0.05, 0.05 + 0.0186])  # t of 4.66 with 2 degrees of freedom: p = 0.043
    made = grid({"lsq": {"CA": [1.0] * 3}, "end2end": {"CA": apart}})
    assert not judged(made)["CA", "end2end"]
    assert judged(made.assign(split="per_seed"))["CA", "end2end"]


def test_with_the_certainty_stated_the_truly_best_row_is_among_the_marked() -> None:
    """Of five rows alike on three datasets, one that is as good as any is left out in at most 5 % of tables."""
    random = np.random.default_rng(0)
    names = ["lsq", "end2end", "hard_binning", "soft_binning", "lsq_softmax"]
    made = grid({name: {dataset: [1.0] * 4 for dataset in "abc"} for name in names})
    table, known = aggregate(made), Errors(made, "rmse")
    tables, lost = 100, 0
    for _ in range(tables):
        found = {key: np.exp(0.1 * random.standard_normal(4)) for key in known._found}
        known._found = {key: dict(enumerate(values)) for key, values in found.items()}
        means = pd.Series([found[(row["dataset"], *row_of(row))].mean() for _, row in table.iterrows()])
        best = means == means.groupby(table["dataset"]).transform("min")
        marked = near(table, best, best & False, known) | best
        lost += not marked[table["variant"] == names[0]].all()
    assert lost <= tables * 0.05 + 2 * np.sqrt(tables * 0.05)


def test_an_order_that_only_rounding_hides_is_no_flip() -> None:
    averages = {"mean": [0.9, 0.8, None], "median": [0.8, 0.9, 0.1]}
    assert [flip[:2] for flip in flips.flips(averages, 3)] == [(0, 1)]
    assert flips.flips(averages, 0) == []


def test_budgets_are_named_where_rows_had_different_ones() -> None:
    made = grid(
        {"lsq": {"CA": [1.0], "DM": [1.0]}, "end2end": {"CA": [1.0], "DM": [1.0]}, "lsq_softmax": {"CA": [1.0]}}
    )
    tried = budget.by_row(made.assign(tried=pd.array([4, 4, 36, 48, None], dtype="Int64")))
    assert {row_[0]: each.text for row_, each in tried.items()} == {"lsq": "4", "end2end": "36 to 48"}
    rows = {**{row_: str(row_[0]) for row_ in tried}, ("lsq_softmax", "lsq_softmax", 25, None): "lsq_softmax"}
    (line,) = budget.note(tried, rows)
    assert line.endswith("(none, so its defaults: lsq_softmax; 4: lsq; 36 to 48: end2end)")
    assert budget.note(tried, {row_: "x" for row_ in tried if row_[0] == "lsq"}) == []
    assert budget.by_row(made) == {}


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_the_marks_do_not_depend_on_the_units(metric: str) -> None:
    made = grid({**SPLIT, "lsq_softmax": {"CA": [1.04, 1.02, 1.16, 0.98]}})
    scaled = made.assign(test_rmse=1e6 * made["test_rmse"], test_mae=1e6 * made["test_mae"])
    assert judged(made, metric) == judged(scaled, metric)
