"""The second paper's tables as data: as printed, under our names, and alike where they repeat."""

import math

import pytest

from regbench import catalog, variants
from regbench.metrics import shots
from regbench.papers import claims, predicates, tables, tightness

AGE_SIZES, DEPTH_SIZES = {"many": 1530, "median": 448, "few": 162}, {"many": 39, "median": 15, "few": 39}
SIZES = {1: 7 * 4, 2: 7 * 8, 3: 8 * 3, 4: 5 * 7, 5: 13 * 4, 6: 4 * 2}
TABLES = (tightness.table1, tightness.table2, tightness.table3, tightness.table4, tightness.table5, tightness.table6)
PAPER = claims.load("tightness")


def by_place(cells):
    return {(cell.row, cell.column): cell.mean.value for cell in cells}


@pytest.mark.parametrize("number", SIZES)
def test_a_table_has_all_its_cells_each_once(number):
    cells = TABLES[number - 1]()
    assert len(cells) == len(by_place(cells)) == SIZES[number]
    assert all(math.isfinite(cell.mean.value) for cell in cells)
    assert {tightness.parts(cell.row) for cell in cells} <= set(tightness.METHODS)


@pytest.mark.parametrize("row", tightness.METHODS)
def test_a_row_is_a_method_of_ours_with_its_parts(row):
    method, *parts = (part.name for part in variants.read(row))
    assert method in catalog.names("methods")
    assert all(catalog.kind_of_part(part) for part in parts)
    assert variants.parse(row).label == row


def test_the_columns_are_our_datasets_and_metrics():
    assert set(tightness.COORDINATES) <= set(catalog.names("datasets"))
    assert set(tightness.SIMILARITIES) <= set(catalog.names("metrics"))
    assert {cell.column for cell in tightness.table3()} == set(tightness.COORDINATES)


def test_what_two_tables_print_is_the_same():
    """Table 4 repeats the RMSE of Table 2, Table 5 three rows of Table 1."""
    assert {
        place: number for place, number in by_place(tightness.table4()).items() if place[1] == "rmse_all"
    }.items() <= by_place(tightness.table2()).items()
    one, ablation = by_place(tightness.table1()), by_place(tightness.table5())
    for row, alike in [
        ("lsq", "lsq"),
        ("lsq+rot", "lsq+rot[weight=100,gamma=0.1]"),
        ("lsq+multi_target", "lsq+multi_target[m=8]"),
    ]:
        for shot in tightness.SHOTS:
            assert one[row, f"mae_{shot}"] == ablation[alike, f"mae_{shot}"]


def test_claims_read_the_same_numbers():
    printed = {(each.dataset, each.row): each.number.value for table in PAPER.errors for each in tables.errors(table)}
    assert printed["CIR", "lsq"] == by_place(tightness.table3())["lsq", "coordinates_circle"]
    assert (
        printed["AGE few", "lsq+multi_target[extra=noise]"]
        == by_place(tightness.table5())["lsq+multi_target[extra=noise]", "mae_few"]
    )
    assert printed["megabytes", "lsq"] == by_place(tightness.table6())["lsq", "megabytes"]
    assert len(PAPER.claims) >= 30


def test_the_weights_of_shots_are_those_of_the_published_split():
    """The identities of claims weigh ages by test images and depths by buckets; both are those of `metrics.shots`."""
    weights = {claim.id: claim.holds_if for claim in PAPER.claims if isinstance(claim.holds_if, predicates.AddsUp)}
    assert list(weights["age-rows-add-up"].parts.values()) == [*AGE_SIZES.values()]
    assert list(weights["depth-rows-add-up"].parts.values()) == [*DEPTH_SIZES.values()]
    assert (len(shots.MANY_BUCKETS), len(shots.MEDIAN_BUCKETS)) == (DEPTH_SIZES["many"], DEPTH_SIZES["median"])


def test_misprints_are_of_rows_that_there_are():
    for (where, what), why in tightness.MISPRINTS.items():
        assert where
        assert why
        if what.startswith("lsq"):
            assert what in tightness.METHODS
