"""When a run continues without a device."""

import pytest

from regbench.engines.engine import Outcome
from regbench.errors import InfrastructureError
from regbench.runner.failures import is_of_device
from regbench.runner.work.faults import FAULTS_FORGIVEN, Faults
from regbench.runner.work.task import Result, Task
from tests.runner.plan.test_planning import a_job

SUCCESS = Outcome(0, None, result=Result(finished=("key",)))


def task(seed: int = 0) -> Task:
    return Task(jobs=(a_job(seed=seed),), store_url="", code={}, name=f"grid/{seed}")


def fault(seed: int) -> Outcome:
    return Outcome(0, task(seed), result=Result(device_fault="CUDA error: misaligned address"))


def death(seed: int) -> Outcome:
    return Outcome(0, task(seed), died=True)


def test_a_device_is_set_aside_after_faults_in_a_row():
    faults = Faults(["cuda:0", "cuda:1"])
    outcomes = [*map(fault, range(FAULTS_FORGIVEN - 1)), SUCCESS, *map(fault, range(FAULTS_FORGIVEN))]
    *before, last = map(faults.judge, outcomes)
    assert not any(before)
    assert last is not None
    assert (last.device, last.why) == ("cuda:0", "CUDA error: misaligned address")
    assert faults.aside == {0}
    faults.check_any_left(last)


def test_a_death_speaks_against_a_gpu_and_not_against_the_processor():
    assert [Faults(["cpu"]).judge(death(seed)) for seed in range(FAULTS_FORGIVEN)] == [None] * FAULTS_FORGIVEN
    faults = Faults(["cuda:0"])
    last = [faults.judge(death(seed)) for seed in range(FAULTS_FORGIVEN)][-1]
    assert last is not None
    with pytest.raises(InfrastructureError, match="every device failed 3 packs in a row, the last one because"):
        faults.check_any_left(last)


def test_a_job_that_is_too_large_does_not_take_the_device_from_the_others():
    """However often it kills its worker: only packs without a job in common speak against the device."""
    faults = Faults(["cuda:0"])
    assert [faults.judge(death(0)) for _ in range(5 * FAULTS_FORGIVEN)] == [None] * 5 * FAULTS_FORGIVEN
    assert not any(map(is_of_device, [MemoryError(), RuntimeError("CUDA error: out of memory")]))
