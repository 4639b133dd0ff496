"""The provenance of a run: versions, commit, machine and flags, stored with every run."""

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import regbench
from regbench.addresses import without_password
from regbench.job import canonical

LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "pandas", "sqlalchemy", "loky")
NUMERIC = ("libraries", "machine", "processor", "flags")  # what of an environment affects the bits of a number


@cache
def environment() -> dict[str, Any]:
    """The environment of this process as plain data."""
    return {
        "regbench": regbench.__version__,
        **git_state(Path(regbench.__file__).parent),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": processor(),
        "host": platform.node(),
        "variables": {name: os.environ[name] for name in ("CUDA_VISIBLE_DEVICES",) if name in os.environ},
        "arguments": [without_password(word) for word in sys.argv[1:]] if _is_command(Path(sys.argv[0])) else [],
    }


def flags() -> dict[str, Any]:
    """Torch's settings in this process that affect numbers."""
    import torch

    return {
        "tf32": torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def numerics(known: Mapping[str, Any], device: str) -> str:
    """A digest of what affects the bits of a number besides the code: versions, processor, flags, device type."""
    return digest_of(fingerprint(known, device_name(device)))


def fingerprint(known: Mapping[str, Any], device: str) -> dict[str, Any]:
    """What `numerics` is a digest of; `device` as `device_name` names it, and runs have it."""
    kind = device.partition(" (")[2].partition(", GPU-")[0] or "cpu"  # without the number and id of the device
    return {**{name: known[name] for name in NUMERIC}, "device": kind}


def digest_of(facts: Mapping[str, Any]) -> str:
    """A short digest of plain data."""
    return hashlib.sha256(canonical(facts).encode()).hexdigest()[:16]


def unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What affects numbers and differs between two environments, each with the value of both.

    >>> unlike({"machine": "x86_64", "libraries": {"torch": "2.4"}}, {"machine": "x86_64", "libraries": {}})
    ['torch 2.4, not here']
    """
    found = []
    for name in NUMERIC:
        mine, theirs = one.get(name), other.get(name)
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            keys = [key for key in dict.fromkeys((*mine, *theirs)) if mine.get(key) != theirs.get(key)]
            found += [f"{key} {_said(mine.get(key))}, {_said(theirs.get(key))} here" for key in keys]
        elif mine != theirs:
            found.append(f"{name} {_said(mine)}, {_said(theirs)} here")
    return found


def _said(value: Any) -> str:
    return "not" if value in (None, "") else str(value)


def git_state(folder: Path) -> dict[str, Any]:
    """Commit of the repository that tracks `folder`, and whether files are modified; both None if it is not tracked.

    An installed package may be inside an unrelated repository, whose commits would be meaningless.
    """
    ours = _git(folder, "ls-files", "--error-unmatch", "__init__.py") is not None
    commit = _git(folder, "rev-parse", "HEAD") if ours else None
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return {"commit": commit, "dirty": None if commit is None else bool(changes)}


def processor() -> str:
    """The processor's name, as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def device_name(device: str) -> str:
    """The name of a device: "cpu", or "cuda:0 (NVIDIA H100, GPU-7f...)"."""
    if device == "cpu":
        return device
    import torch

    properties = torch.cuda.get_device_properties(device)
    return f"{device} ({properties.name}, GPU-{getattr(properties, 'uuid', 'unknown')})"


def _is_command(program: Path) -> bool:
    """Whether this process is `regbench` or `python -m regbench`; workers are told the words of theirs."""
    return program.name.startswith("regbench") or program == Path(regbench.__file__).with_name("__main__.py")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        asked = subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
