"""Lock files: what is written is read again, and whatever is wrong with a file is one line and its exit code."""

import random
from pathlib import Path

import pytest
import yaml

from regbench.campaign.gate import file
from regbench.campaign.gate.drift import drift
from regbench.campaign.gate.lock import Lock
from regbench.errors import Mismatch, NothingMeasured
from tests.made.locks import lock, locked

THIRD = 1 / 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a lock of two cells."""
    file.write(tmp_path / "a.yaml", lock())
    return tmp_path / "a.yaml"


def said_of(path: Path) -> str:
    try:
        return "a lock" if isinstance(file.read(path), Lock) else "something else"
    except (Mismatch, NothingMeasured) as error:
        return "more" if "\n" in str(error) else "one line"


def changed(path: Path, before: str, after: str) -> Path:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    return path


def test_a_lock_is_read_as_it_was_written_to_the_last_bit(tmp_path):
    made = lock({"lsq": [THIRD, 1e-7, None], "end2end": [2.5e-310]}, detect=0.02)
    file.write(tmp_path / "a.yaml", made)
    found = file.read(tmp_path / "a.yaml")
    assert found == made
    assert found.jobs == {job.key: job for job in (*(locked(seed=seed) for seed in range(3)), locked("end2end"))}


def test_the_file_alone_tells_the_configuration_of_every_run(path):
    job = file.read(path).job(file.read(path).cells[1], 7)
    assert job == locked("soft_binning", 7)


def test_a_digest_that_looks_like_a_number_stays_text(tmp_path):
    made = lock()
    cells = [cell.model_copy(update={"code": "12345678e9123456"}) for cell in made.cells]
    file.write(tmp_path / "a.yaml", made.model_copy(update={"cells": cells}))
    assert {cell.code for cell in file.read(tmp_path / "a.yaml").cells} == {"12345678e9123456"}


def test_any_yaml_reader_reads_it_and_a_run_is_one_line(path):
    data = yaml.safe_load(path.read_text())
    assert data["cells"][0]["seeds"][1]["test/rmse"] == 0.11
    assert sum("key:" in line for line in path.read_text().splitlines()) == 4


def test_without_a_file_or_without_cells_there_is_no_baseline(tmp_path):
    with pytest.raises(NothingMeasured, match=r"no baseline .*none\.yaml yet; `regbench bless"):
        file.read(tmp_path / "none.yaml")
    file.write(tmp_path / "a.yaml", lock().model_copy(update={"cells": []}))
    with pytest.raises(NothingMeasured, match="names no cell"):
        file.read(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("regbench_lock: 1", "regbench_lock: 2", "has version 2 of the format, this regbench reads 1"),
        ("regbench_lock: 1", "other: 1", "is not a lock file"),
        ("epochs: 3", "epochs: 4", "synthetic_crescent lsq seed 0: the key does not match the configuration"),
        ("epochs: 3", "epoches: 3", "this is no configuration"),
        ("test/rmse: 0.11", "test/rmse: much", "cells[0].seeds[1].values.test/rmse"),
        ("test/rmse: 0.11", "test/rmse: .nan", "cells[0].seeds[1].values.test/rmse"),
        ("test/rmse: 0.11, ", "", "seed 1: test/rmse is missing"),
        ("on: 0123456789abcdef", "on: fedcba9876543210", "the environment fedcba9876543210 is not described"),
        ("synthetic_crescent soft_binning", "synthetic_crescent lsq", "is named twice"),
        ("reason: First.", "reason: [First", "not a lock file"),
        ("reason: First.", "reason: *first", "not a lock file"),
        ("benchmark: made", "benchmark: made\nmore: 1", "more: Extra inputs"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(path, before, after, said):
    with pytest.raises(Mismatch) as error:
        file.read(changed(path, before, after))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_no_damage_of_a_file_is_more_than_one_line(path):
    """Bytes lost, added and exchanged at random, lines left out: an error of ours, or a lock that can be used."""
    content, draw = path.read_bytes(), random.Random(0)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(damaged))
            damaged[place : place + draw.randint(0, 9)] = draw.randbytes(draw.randint(0, 3))
        path.write_bytes(damaged)
        assert said_of(path) in ("a lock", "one line")


def test_drift_adds_up_since_the_first_baseline_and_a_small_step_too_many_is_a_worsening():
    def at(step: int) -> Lock:
        return lock({"lsq": [0.1 * 1.015**step, 0.1001 * 1.015**step]}, detect=0.02)

    before = at(0)
    assert drift(before, None)[0].since_first is None
    for step in range(1, 4):
        [found] = drift(at(step), before)
        assert found.worse == (step > 1)
        assert found.since_last == pytest.approx(1.5)
        assert found.since_first == pytest.approx(100 * (1.015**step - 1))
        before = at(step).model_copy(update={"history": [*before.history, before.blessing()]})
    accepted = before.model_copy(update={"worse": ["synthetic_crescent lsq"]})
    assert not drift(at(3), accepted)[0].worse


def test_a_cell_that_diverges_now_is_worse_and_a_new_cell_is_not():
    before = lock({"lsq": [0.1, 0.11]})
    found = drift(lock({"lsq": [0.1, None], "end2end": [None, None]}), before)
    assert [each.worse for each in found] == [True, False]
