"""Device slots: those of the machine, those that the user requests, and errors."""

import os
import subprocess
import sys

import psutil
import pytest
import torch

from regbench.engines.devices import cores, find_devices, free_memory, gpu_without_torch
from regbench.errors import InfrastructureError, UsageError

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")


def test_cpu_slots_are_as_many_as_asked_for_or_as_there_are_cores():
    assert find_devices("cpu", 1) == ["cpu"]
    assert find_devices("cpu") == ["cpu"] * cores()


def test_more_workers_than_cores_have_to_be_asked_for_twice(monkeypatch):
    assert find_devices("cpu", cores() + 1) == ["cpu"] * cores()
    monkeypatch.setenv("REGBENCH_OVERSUBSCRIBE", "1")
    assert find_devices("cpu", cores() + 1) == ["cpu"] * (cores() + 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot tie a process to cores")
def test_cores_stay_within_the_affinity():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert 1 <= cores() <= len(allowed)


def test_free_memory_is_shared_by_the_slots_of_a_device():
    one, four = free_memory(["cpu"]), free_memory(["cpu"] * 4)
    assert one is not None
    assert four is not None
    assert 2**20 < four < one
    assert four == pytest.approx(one / 4, rel=0.2)  # others use memory meanwhile
    assert one <= psutil.virtual_memory().total


@pytest.mark.parametrize("wanted", ["gpu", "cuda:x", "cpu,cuda:0", "cuda:0,"])
def test_what_is_not_a_device_is_refused_with_the_spelling(wanted):
    with pytest.raises(UsageError, match="write cpu, cuda or cuda:0,cuda:1"):
        find_devices(wanted)


def test_no_workers_at_all_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        find_devices("cpu", 0)


@pytest.mark.skipif(bool(torch.version.cuda or torch.version.hip), reason="this build of torch can use GPUs")
def test_a_build_of_torch_without_gpus_is_not_imported_to_count_them():
    program = (
        "import sys; from regbench.engines.devices import find_devices; find_devices(); print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@without_cuda
def test_a_device_that_torch_does_not_see_is_an_infrastructure_error():
    with pytest.raises(InfrastructureError, match="no device 'cuda:0'"):
        find_devices("cuda:0")


@without_cuda
def test_a_gpu_that_was_allocated_and_cannot_be_used_stops_the_run(monkeypatch):
    """A cluster's scheduler names a GPU in CUDA_VISIBLE_DEVICES; silently using the CPU would waste it."""
    for name in ("0", "GPU-7f0c1b2a", "MIG-3eb87630-93d5-b2b6-b8ff-9b359caf4ee2"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", name)
        with pytest.raises(InfrastructureError, match=f"{name}.*--devices cpu"):
            find_devices()
        assert find_devices("cpu", 1) == ["cpu"]


def test_hidden_gpus_are_not_missed(monkeypatch):
    for hidden in ("", "-1", "NoDevFiles"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert gpu_without_torch() is None


def test_a_driver_that_lists_a_gpu_torch_cannot_use_is_noticed(monkeypatch, tmp_path):
    """A real program of that name that prints what NVIDIA's prints."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: GPU-1)'\n")
    program.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert "GPU 0: NVIDIA H100 is present" in str(gpu_without_torch())
