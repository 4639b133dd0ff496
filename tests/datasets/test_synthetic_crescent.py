"""The formula of the crescent, from its own columns, and that a listing of it stays cheap."""

import subprocess
import sys

import numpy as np
import pytest

from regbench.data import digest, load, verify_one
from regbench.datasets.synthetic_crescent import DATASET, RECEIVERS, make


@pytest.fixture(scope="module")
def columns():
    return make()


def test_it_is_half_a_ring_crowded_and_narrow_in_the_west(columns):
    east, north = columns["east"], columns["north"]
    radius = np.hypot(east, north)
    assert (north >= 0).all()
    assert radius.mean() == pytest.approx(1, abs=0.01)
    west, more_easterly = (radius[(east > low) & (east < high)] for low, high in [(-1.2, -0.8), (0.8, 1.2)])
    assert len(west) > 2 * len(more_easterly)
    assert west.std() < 0.6 * more_easterly.std()


def test_strengths_fall_with_the_square_of_the_distance_up_to_noise(columns):
    for number, (x, y) in enumerate(RECEIVERS, start=1):
        squared = (columns["east"] - x) ** 2 + (columns["north"] - y) ** 2
        error = columns[f"receiver_{number}"] - 1 / (0.25 + squared)
        assert error.mean() == pytest.approx(0, abs=0.003)
        assert error.std() == pytest.approx(0.05, abs=0.0015)


def test_the_digest_is_that_of_the_formula_and_of_nothing_near_it(columns):
    table = load(DATASET, "synthetic_crescent")
    assert table.y.shape == (4000, 2)
    np.testing.assert_allclose(table.y[:, 0], columns["east"], rtol=1e-8)
    assert digest(table) == DATASET.digest
    table.x[0, 0] += 1e-7
    assert digest(table) != DATASET.digest


def test_it_is_had_without_network_or_files_and_verified(monkeypatch):
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    found = [(each.source, each.state) for each in verify_one("synthetic_crescent")]
    assert found == [("cache", "absent"), ("generated", "ok")]


def test_it_is_listed_without_torch():
    code = "import sys; from regbench import data; data.inventory(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
