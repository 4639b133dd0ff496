"""The coordinate tasks: exactly linear, of the spread that their shapes have, and the same bits everywhere."""

import os

import numpy as np
import pytest

from regbench import catalog
from regbench.data import load
from regbench.datasets.shared import circle
from regbench.datasets.shared.coordinates import cos_and_sin
from regbench.random import Stream

SPREAD = {  # variance of the targets, the mean of three dimensions; the circle's is 1/3 for every plane
    "coordinates_circle": (1 / 3, 0.001),
    "coordinates_circle_2": (1 / 3, 0.001),
    "coordinates_circle_3": (1 / 3, 0.001),
    "coordinates_circle_4": (1 / 3, 0.001),
    "coordinates_circle_5": (1 / 3, 0.001),
    "coordinates_circle_6": (1 / 3, 0.001),
    "coordinates_torus": (17 / 3, 0.03),
    "coordinates_swiss": (42.9, 0.02),
    "coordinates_mammoth": (6.8e3, 0.01),
}
every_shape = pytest.mark.parametrize("name", SPREAD)


@pytest.fixture(scope="module")
def tables():
    """The table of a name, held to its digest and made once."""
    known = {}

    def table(name):
        if name == "coordinates_mammoth" and not os.environ.get("REGBENCH_DATA"):
            pytest.skip("REGBENCH_DATA names no folder of data files, and the scan of the mammoth is one")
        if name not in known:
            known[name] = load(catalog.load("datasets", name), name)
        return known[name]

    return table


def test_no_shape_is_forgotten():
    assert {name for name in catalog.names("datasets") if name.startswith("coordinates_")} == set(SPREAD)


@every_shape
def test_a_hundred_rows_determine_the_linear_map(name, tables):
    table = tables(name)
    train = slice(0, 100)
    weights, _, rank, _ = np.linalg.lstsq(table.x[train], table.y[train], rcond=None)
    assert rank == np.linalg.matrix_rank(table.x) == (50 if "circle" in name else 75)
    assert np.square(table.x[200:] @ weights - table.y[200:]).mean() < 1e-20


@every_shape
def test_the_first_four_columns_are_sums_of_the_target(name, tables):
    table = tables(name)
    f = table.x[:, :4].T
    expected = np.stack([f[0] - f[3], f[0] - f[2], f[0] - f[1]], axis=1) / 2
    np.testing.assert_allclose(table.y, expected, atol=1e-12 * np.abs(table.y).max())


@every_shape
def test_the_targets_have_the_spread_of_the_shape_and_the_official_split(name, tables):
    table = tables(name)
    variance, tolerance = SPREAD[name]
    assert table.y.var(0).mean() == pytest.approx(variance, rel=tolerance)
    assert table.parts == (100, 100, 2800)


@every_shape
def test_the_distractors_are_points_of_the_shape_that_do_not_follow_the_target(name, tables):
    table = tables(name)
    centred = table.x - table.x.mean(0)
    centred /= np.linalg.norm(centred, axis=0)
    assert np.abs(centred[:, :4].T @ centred[:, 4:]).max() < 0.1
    squares = np.square(table.x).reshape(3000, 25, 4).sum(2)  # 4 (x² + y² + z²)
    assert squares.mean(0) == pytest.approx(4 * np.square(table.y).sum(1).mean(), rel=0.06)


def test_circles_lie_in_planes_of_their_own(tables):
    table = tables("coordinates_circle")
    assert np.square(table.y).sum(1) == pytest.approx(1)
    normals = []
    for point in range(25):
        sums = table.x[:, 4 * point : 4 * point + 4]
        points = np.stack([sums[:, 0] - sums[:, 3], sums[:, 0] - sums[:, 2], sums[:, 0] - sums[:, 1]], axis=1) / 2
        _, sizes, axes = np.linalg.svd(points, full_matrices=False)
        assert sizes[2] < 1e-10
        normals.append(axes[2])
    cosines = np.abs(np.array(normals) @ np.array(normals).T)[np.triu_indices(25, 1)]
    assert cosines.max() < 1 - 1e-6


def test_circles_have_a_thousand_angles_of_which_the_ends_are_one_point(tables):
    assert 850 < len(np.unique(tables("coordinates_circle").y.round(9), axis=0)) <= 999


def test_another_draw_has_other_points_and_another_plane(tables):
    one, two, three = (tables(name).y for name in list(SPREAD)[:3])
    assert not np.isclose(one, two).all(1).any()
    assert not np.isclose(two, three).all(1).any()


def test_torus_and_swiss_roll_are_where_their_formulas_say(tables):
    x, y, z = tables("coordinates_torus").y.T
    assert (np.hypot(x, y) - 4) ** 2 + z**2 == pytest.approx(1)
    x, y, z = tables("coordinates_swiss").y.T
    t = np.hypot(x, z)
    assert (t.min(), t.max()) == (pytest.approx(1.5 * np.pi, abs=0.02), pytest.approx(4.5 * np.pi, abs=0.02))
    np.testing.assert_allclose(np.stack([t * np.cos(t), t * np.sin(t)]), np.stack([x, z]), atol=1e-12)
    assert (y.min(), y.max()) == (pytest.approx(0, abs=0.05), pytest.approx(21, abs=0.05))


def test_cosine_and_sine_are_right_to_the_last_digits():
    turns = np.concatenate([np.linspace(0, 2.25, 20001), np.arange(1000) / 999])
    cosine, sine = cos_and_sin(turns)
    np.testing.assert_allclose(cosine, np.cos(2 * np.pi * turns), atol=2e-15)
    np.testing.assert_allclose(sine, np.sin(2 * np.pi * turns), atol=2e-15)
    np.testing.assert_allclose(cosine * cosine + sine * sine, 1, rtol=1e-15)
    assert [values[-1] for values in (cosine, sine)] == [values[-1000] for values in (cosine, sine)] == [1, 0]


def test_the_rotation_is_the_q_of_a_qr_decomposition_up_to_signs():
    matrix = Stream.named(0).uniform(3, 3).numpy()
    q = circle.orthonormal(matrix)
    expected = np.linalg.qr(matrix).Q
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-13)
    np.testing.assert_allclose(np.abs(q.T @ expected), np.eye(3), atol=1e-12)


def test_a_file_that_is_no_scan_is_refused():
    from regbench.data.raw import Raw, Refused
    from regbench.datasets.coordinates_mammoth import make

    for content, why in (
        (b"{}", "no list of points"),
        (b"<html>", "web page"),
        (b"[[1, 2, 3]]", "shape"),
        (b"[", "no list"),
    ):
        with pytest.raises(Refused, match=why):
            make([Raw("scan.json", content)])


def test_other_draws_of_the_circle_are_the_circle_but_for_name_and_digest():
    """What the catalog reads of a copy without running it is what the copy is."""
    first = catalog.entry("datasets", "coordinates_circle").arguments
    for number in range(2, 7):
        said = catalog.entry("datasets", f"coordinates_circle_{number}").arguments
        made = catalog.load("datasets", f"coordinates_circle_{number}")
        assert said["alias"] == made.alias == f"CIR{number}"
        assert said["digest"] == made.digest != first["digest"]
        assert {**said, "alias": "", "digest": ""} == {**first, "alias": "", "digest": ""}
        assert (made.sizes, made.batch_size) == (first["sizes"], first["batch_size"])
