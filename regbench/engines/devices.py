"""The device slots of this machine: its CUDA devices, or one slot per usable CPU core."""

import importlib.util
import os
import re
import runpy
import subprocess
from pathlib import Path

import psutil

from regbench import settings
from regbench.errors import InfrastructureError, UsageError

UNLIMITED = 1 << 60  # bytes; cgroup v1 writes a huge number for no limit


def find_devices(wanted: str | None = None, workers: int | None = None) -> list[str]:
    """One name per slot: "cuda:0", ... where torch can use CUDA, else "cpu" once per core.

    `wanted` is the user's list, "cpu" or "cuda:0,cuda:1"; `workers` the number of CPU slots, at most one per core
    unless REGBENCH_OVERSUBSCRIBE is set, or of slots per CUDA device.
    A GPU that torch cannot use is an error: otherwise a run on the CPU could be mistaken for a run on the GPU.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: at least 1 is needed")
    if wanted and wanted != "cpu":
        return _cuda_slots(_named_devices(wanted), workers)
    if wanted == "cpu":
        return _cpu_slots(workers)
    found = cuda_count()
    if found:
        return _cuda_slots([f"cuda:{index}" for index in range(found)], workers)
    if reason := gpu_without_torch():
        raise InfrastructureError(f"{reason}; fix that, or train on the CPU with --devices cpu")
    return _cpu_slots(workers)


def _cpu_slots(workers: int | None) -> list[str]:
    """At most one per core: workers that share a core take longer together, whatever a plan says."""
    most = cores()
    return ["cpu"] * (workers if workers and settings.oversubscribe() else min(workers or most, most))


def cores() -> int:
    """CPU cores this process may use, within its affinity and the cgroup's quota; at least 1.

    Hyper-threads of one core use the same arithmetic units, so physical cores are counted if the system lists them.
    """
    process = psutil.Process()
    allowed = process.cpu_affinity() if hasattr(process, "cpu_affinity") else None  # macOS has none
    allowed = allowed or range(os.cpu_count() or 1)
    total = psutil.cpu_count(logical=False) or len(allowed)
    within = len({_core_of(cpu) for cpu in allowed})
    return max(1, min(within, total, int(cgroup_limit() or len(allowed))))


def cgroup_limit() -> float | None:
    """CPUs that the control group allows, by cgroup v2 or v1; None without a limit."""
    modern = Path("/sys/fs/cgroup/cpu.max")
    try:
        if modern.exists():
            quota, period = modern.read_text().split()[:2]
            return None if quota == "max" else int(quota) / int(period)
        quota_us = int(Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").read_text())
        period_us = int(Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota_us / period_us if quota_us > 0 else None


def free_memory(devices: list[str]) -> int | None:
    """Bytes available per slot: free memory of a device / its slots, the minimum over devices; None without slots."""
    return min((_free_on(device) // devices.count(device) for device in dict.fromkeys(devices)), default=None)


def _free_on(device: str) -> int:
    if device != "cpu":
        import torch

        return torch.cuda.mem_get_info(device)[0]
    available, limited = psutil.virtual_memory().available, _cgroup_memory()
    return available if limited is None else min(available, limited)


def _cgroup_memory() -> int | None:
    """Memory left within the limits of this control group and its parents, cgroup v2 or v1; None without a limit."""
    free = []
    for limit, used in _cgroup_files():
        try:
            limited, taken = limit.read_text().strip(), int(used.read_text())
        except (OSError, ValueError):
            continue
        if limited.isdigit() and int(limited) < UNLIMITED:
            free.append(max(0, int(limited) - taken))
    return min(free, default=None)


def _cgroup_files() -> list[tuple[Path, Path]]:
    """Candidate (limit, usage) files of this process's control group and its parents."""
    root = Path("/sys/fs/cgroup")
    found = [(root / "memory/memory.limit_in_bytes", root / "memory/memory.usage_in_bytes")]
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, place = line.split(":", 2)
        folder = Path(place.lstrip("/"))
        if not controllers:
            found += [
                (root / group / "memory.max", root / group / "memory.current") for group in (folder, *folder.parents)
            ]
        elif "memory" in controllers.split(","):
            base = root / "memory" / folder
            found.append((base / "memory.limit_in_bytes", base / "memory.usage_in_bytes"))
    return found


def gpu_without_torch() -> str | None:
    """Why a GPU that is present, or allocated to this job, cannot be used by torch; None if there is no such GPU."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible in {"", "-1", "NoDevFiles"}:
        return None  # hidden on purpose
    if visible:
        return f"CUDA_VISIBLE_DEVICES={visible} names a GPU that torch cannot use ({_torch_build()})"
    if listed := _driver_lists():
        return f"{listed[0]} is present and torch cannot use it ({_torch_build()})"
    return None


def _cuda_slots(devices: list[str], workers: int | None) -> list[str]:
    return [device for device in devices for _ in range(workers or 1)]


def _named_devices(wanted: str) -> list[str]:
    """The CUDA devices of a list such as "cuda:0,cuda:1" or "cuda"; each must exist."""
    names = [name.strip() for name in wanted.split(",")]
    for name in names:
        if not re.fullmatch(r"cuda(:\d+)?", name):
            raise UsageError(f"--devices {wanted}: '{name}' is not a device; write cpu, cuda or cuda:0,cuda:1")
    count = cuda_count()
    devices = []
    for name in names:
        index = name.partition(":")[2]
        if int(index or 0) >= count:
            have = f"torch sees {count} CUDA devices" if count else f"torch sees no CUDA device ({_torch_build()})"
            raise InfrastructureError(f"--devices {wanted}: no device '{name}'; {have}")
        devices += [f"cuda:{index}"] if index else [f"cuda:{number}" for number in range(count)]
    return devices


def cuda_count() -> int:
    """The number of devices that torch sees; CUDA_VISIBLE_DEVICES may limit it by index, GPU or MIG name."""
    if not _is_built_for_gpus():
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _is_built_for_gpus() -> bool:
    """Whether this build of torch can use GPUs, by its version file: importing torch takes a second."""
    torch = importlib.util.find_spec("torch")
    try:
        version = runpy.run_path(str(Path(torch.origin).with_name("version.py"))) if torch and torch.origin else {}
    except OSError:
        return True  # ask torch
    return "cuda" not in version or any(version.get(name) for name in ("cuda", "hip"))


def _torch_build() -> str:
    import torch

    built = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    return f"torch {torch.__version__} is built {built}"


def _driver_lists() -> list[str]:
    """GPUs that the NVIDIA driver lists; empty without a driver."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.partition(" (UUID")[0] for line in listed.stdout.splitlines() if line.startswith("GPU")]


def _core_of(cpu: int) -> tuple[str, str] | int:
    """The physical core of a logical CPU; the CPU itself if the system does not list cores."""
    topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
    try:
        return (topology / "physical_package_id").read_text(), (topology / "core_id").read_text()
    except OSError:
        return cpu
