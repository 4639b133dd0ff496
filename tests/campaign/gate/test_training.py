"""What a gate trains, what it keeps of it, and what it compares."""

import math

import pytest

from regbench.campaign.gate.cache import Cache
from regbench.campaign.gate.gate import fresh_seeds
from regbench.campaign.gate.replay import NOTHING, equal, replay
from regbench.campaign.gate.repository import present
from regbench.campaign.gate.training import Measured, measured
from regbench.errors import NothingMeasured
from regbench.roots import Added
from tests.made.jobs import make_job
from tests.made.locks import lock

NAMES = ("test/rmse", "val/rmse")
FOUND = Measured(2, {"test/rmse": 1 / 3, "val/rmse": math.nan}, "c0" * 8)


def hexed(*values: float) -> list[str]:
    return [value.hex() for value in values]


def test_the_epoch_that_counts_is_the_first_of_the_best_and_never_one_without_a_number():
    curves = {"val/rmse": hexed(math.nan, 0.3, 0.2, 0.2), "test/rmse": hexed(0.1, 0.2, 0.3, 0.4)}
    found = measured(make_job(), {"code": "c", "curves": curves}, NAMES)
    assert (found.epoch, found.values) == (3, {"test/rmse": 0.3, "val/rmse": 0.2})
    nowhere = measured(make_job(), {"code": "c", "curves": {name: hexed(math.nan) for name in NAMES}}, NAMES)
    assert nowhere.epoch is None
    assert all(map(math.isnan, nowhere.values.values()))
    with pytest.raises(NothingMeasured, match="does not measure test/crps"):
        measured(make_job(), {"code": "c", "curves": curves}, ["test/crps"])


def test_numbers_of_a_commit_are_kept_to_the_last_bit_and_damage_is_as_if_there_were_none(tmp_path):
    cache = Cache(tmp_path / "commit")
    assert cache.get("a", NAMES) is None
    cache.put("a", FOUND)
    kept = cache.get("a", NAMES)
    assert kept is not None
    assert (kept.epoch, kept.values["test/rmse"], math.isnan(kept.values["val/rmse"])) == (2, 1 / 3, True)
    assert cache.get("a", [*NAMES, "test/mae"]) is None
    (tmp_path / "commit" / "a.json").write_text("[1")
    assert cache.get("a", NAMES) is None


def test_a_replay_equals_the_file_in_epoch_and_every_bit():
    made = lock({"lsq": [1 / 3]})
    run = made.cells[0].seeds[0]
    values = {"test/rmse": 1 / 3, "val/rmse": 1 / 3}
    assert equal(run, Measured(2, values, ""))
    assert not equal(run, Measured(3, values, ""))
    assert not equal(run, Measured(2, {**values, "test/rmse": math.nextafter(1 / 3, 1)}, ""))
    assert not equal(run, FOUND)


def test_elsewhere_nothing_is_replayed():
    assert replay(lock(), present(Added()), ["cpu"]) == NOTHING


def test_fresh_seeds_are_as_many_and_none_of_the_files():
    assert fresh_seeds(lock({"lsq": [0.1, 0.2, 0.3]}).cells[0]) == (3, 4, 5)
