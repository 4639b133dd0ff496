"""When a run continues without a device."""

import pytest

from regbench.engines.engine import Outcome
from regbench.errors import InfrastructureError
from regbench.runner.work.faults import FAULTS_FORGIVEN, Faults
from regbench.runner.work.task import Result

FAULT = Outcome(0, None, result=Result(device_fault="CUDA error: misaligned address"))
DEATH = Outcome(0, None, died=True)
SUCCESS = Outcome(0, None, result=Result(finished=("key",)))


def test_a_device_is_set_aside_after_faults_in_a_row():
    faults = Faults(["cuda:0", "cuda:1"])
    outcomes = [FAULT] * (FAULTS_FORGIVEN - 1) + [SUCCESS] + [FAULT] * FAULTS_FORGIVEN
    *before, last = map(faults.judge, outcomes)
    assert not any(before)
    assert last is not None
    assert (last.device, last.why) == ("cuda:0", "CUDA error: misaligned address")
    assert faults.aside == {0}
    faults.check_any_left(last)


def test_a_death_speaks_against_a_gpu_and_not_against_the_processor():
    assert [Faults(["cpu"]).judge(DEATH) for _ in range(FAULTS_FORGIVEN)] == [None] * FAULTS_FORGIVEN
    faults = Faults(["cuda:0"])
    last = [faults.judge(DEATH) for _ in range(FAULTS_FORGIVEN)][-1]
    assert last is not None
    with pytest.raises(InfrastructureError, match="every device failed 3 packs in a row, the last one because"):
        faults.check_any_left(last)
