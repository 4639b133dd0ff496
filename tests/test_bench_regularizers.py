"""What regularizers cost: every part has a row, relative to the method alone. No test asserts a time."""

import json
import math
from functools import partial

import pytest
import torch

from regbench import catalog
from regbench.bench import regularizers
from regbench.bench.regularizers import METHOD, cost, labels, measure
from regbench.cli.main import main


def test_every_part_has_a_row_and_so_have_both_of_the_paper():
    rows = labels()
    assert {f"{METHOD}+{part}" for part in catalog.parts()} <= set(rows)
    assert f"{METHOD}+multi_target+rot" in rows


def test_a_cell_has_times_and_memory():
    found = cost("coordinates_torus", "lsq+multi_target", steps=2, rounds=1)
    assert found.jobs == 10
    assert min(found.microseconds, found.alone, found.megabytes) > 0
    assert found.added is None
    assert not math.isnan(found.megabytes)


def test_methods_cannot_be_chosen_and_other_measurements_are_apart(capsys):
    assert main(["bench", "--regularizers", "--method", "lsq"]) == 2
    assert main(["bench", "--regularizers", "--profile"]) == 2
    assert "measure different things" in capsys.readouterr().err


@pytest.mark.slow
def test_a_cell_is_measured_in_a_process_of_its_own():
    """Whose memory does not count what this one holds."""
    held = torch.ones(2**28)  # a gibibyte
    found = next(measure(["coordinates_torus"]))
    assert (found.dataset, found.method, found.jobs) == ("coordinates_torus", METHOD, 10)
    assert min(found.microseconds, found.alone) > 0
    assert 0 < found.megabytes < held.nbytes / 2**20


def test_the_json_is_what_the_sixth_table_reads(monkeypatch, capsys):
    """Here with few steps and in this process: to start another for each row takes far longer."""
    from regbench.reports.tightness.table6 import _rows

    monkeypatch.setattr(regularizers, "labels", lambda: ["lsq+multi_target"])
    monkeypatch.setattr(regularizers, "_apart", partial(cost, steps=2, rounds=1))
    assert main(["bench", "--regularizers", "--dataset", "coordinates_torus", "--json"]) == 0
    rows = _rows(json.loads(capsys.readouterr().out))
    assert [row["method"] for row in rows] == ["lsq", "lsq+multi_target"]
    assert rows[0]["added"] is None
    assert rows[1]["added"] == rows[1]["microseconds"] / rows[0]["microseconds"] - 1
