"""Check the machine: what a run will find here, what is wrong and how to fix it.

Each check is a function that returns a `Finding`; no check trains, fetches or changes anything, but that functions are
compiled into the cache, as the first run would do it.
"""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import metadata
from pathlib import Path

from regbench.addresses import without_password
from regbench.doctor import added
from regbench.doctor.finding import Finding
from regbench.errors import RegbenchError

LIBRARIES = ("torch", "numpy", "pandas", "sqlalchemy", "scikit-learn", "loky", "matplotlib")
ROOM_BYTES = 2**30  # a full grid of 760 jobs takes about a quarter of it
TF32_SWITCHES = ("NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LOCK = Path("regbench.lock.yaml")  # of `regbench gate`, in the working folder
BUSY = 1.5  # load per core above which other processes slow a run down


def examine(*, db: str, file: Path | None = None, engine: str = "local", address: str | None = None) -> list[Finding]:
    """Run every check, in a sensible order for reading; `UsageError` for an address of a database that is none.

    With the engine "ray" and an address, the Ray cluster there is joined, and its nodes are asked what they have.
    """
    from regbench.store.engine import file_of, locate

    path = file_of(locate(db))
    checks: dict[str, Callable[[], Finding]] = {
        "versions": versions,
        "processors": processors,
        "load": partial(load, _load_average()),
        "threads": partial(threads, os.environ),
        "devices": devices,
        "ray": partial(ray, wanted=engine == "ray", address=address),
        "number format": partial(number_format, os.environ),
        "compiled code": compiled_code,
        "disk": partial(disk, path or Path()),
        "file system": partial(file_system, path),
        "database": partial(database, db),
        "cache": cache,
        "data": data,
        "benchmarks": partial(benchmarks, file),
        "published": added.published,
        "plug-ins": added.plugins,
        "gate": partial(added.gate, LOCK),
        "extras": added.extras,
    }
    return [safely(name, check) for name, check in checks.items()]


def versions() -> Finding:
    """Python and the libraries that numbers depend on."""
    import regbench

    found = {name: _version(name) for name in LIBRARIES}
    missing = [name for name, version in found.items() if version is None]
    text = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    return Finding(
        "versions",
        ok=not missing,
        found=f"regbench {regbench.__version__}, Python {platform.python_version()}, {text}",
        remedy=f"install {', '.join(missing)}: python -m pip install {' '.join(missing)}",
    )


def processors() -> Finding:
    """Cores this process may use, and what limits them."""
    from regbench.engines.devices import cgroup_limit, cores

    logical = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical
    limits = [f"{logical} logical"]
    if allowed < logical:
        limits.append(f"{allowed} by affinity")
    if quota := cgroup_limit():
        limits.append(f"{quota:g} by the control group")
    usable = cores()
    return Finding("processors", ok=True, found=f"{usable} to train on ({', '.join(limits)}), one worker each")


def load(average: float | None) -> Finding:
    """How busy the machine is. It affects timings but not results, so it is always ok."""
    from regbench.engines.devices import cores

    if average is None:
        return Finding("load", ok=True, found="unknown on this system")
    busy = average > BUSY * max(cores(), os.cpu_count() or 1)
    said = "; a run takes longer while others keep it busy" if busy else ""
    return Finding("load", ok=True, found=f"{average:.1f} processes at work in the last minute{said}")


def threads(environment: Mapping[str, str]) -> Finding:
    """Thread settings in the environment; a worker uses one thread whatever they say."""
    said = {name: environment[name] for name in THREAD_VARIABLES if name in environment}
    wrong = [f"{name}={value}" for name, value in said.items() if not value.isdigit() or int(value) < 1]
    text = ", ".join(f"{name}={value}" for name, value in said.items()) or "nothing set"
    return Finding(
        "threads",
        ok=not wrong,
        found=f"one for each worker; the environment says {text}",
        remedy=f"{', '.join(wrong)} is not a number of threads: unset it",
    )


def devices() -> Finding:
    """Device slots as `regbench run` would take them."""
    from collections import Counter

    from regbench.engines.devices import find_devices

    try:
        slots = Counter(find_devices())
    except RegbenchError as error:
        return Finding("devices", ok=False, found="a GPU that torch cannot use", remedy=str(error))
    return Finding("devices", ok=True, found=", ".join(f"{count} x {name}" for name, count in slots.items()))


def ray(*, wanted: bool = False, address: str | None = None) -> Finding:
    """Ray and, where its cluster was asked for, what the nodes of it are good for."""
    from regbench.engines.ray.cluster import Cluster, is_installed

    if not is_installed():
        found = "not installed; only --engine ray needs it"
        return Finding("ray", ok=not wanted, found=found, remedy="pip install 'regbench[ray]'")
    version = f"version {_version('ray')}"
    if not wanted or address is None:
        return Finding("ray", ok=True, found=f"{version}; no cluster was named, such as by --engine ray --address auto")
    try:
        cluster = Cluster.find(address)
    except RegbenchError as error:
        return Finding("ray", ok=False, found=f"{version}; the cluster cannot be used", remedy=str(error))
    wrong = cluster.warnings()
    free = f", {cluster.free_bytes / 2**30:,.1f} GiB free for each" if cluster.free_bytes else ""
    return Finding("ray", ok=not wrong, found=f"{version}; {cluster.text}{free}", remedy="; ".join(wrong))


def number_format(environment: Mapping[str, str]) -> Finding:
    """TF32 must be off: it has 10 bits of mantissa, and results would depend on the device."""
    forced = [f"{name}={environment[name]}" for name in TF32_SWITCHES if environment.get(name, "0") not in {"", "0"}]
    return Finding(
        "number format",
        ok=not forced,
        found=f"TF32 forced by {', '.join(forced)}" if forced else "float32, TF32 off",
        remedy=f"unset {', '.join(text.partition('=')[0] for text in forced)}: results with TF32 are not comparable",
    )


def compiled_code() -> Finding:
    """Whether training uses compiled functions. They change its speed but not its numbers, so it is always ok."""
    from regbench import native
    from regbench.backbones.mlp import activate, gate
    from regbench.training.dropout import draw

    reasons = {function.__name__: native.why_not(function) for function in (draw, activate, gate)}
    said = list(dict.fromkeys(filter(None, reasons.values())))
    return Finding("compiled code", ok=True, found=f"not used: {'; '.join(said)}" if said else "used")


def disk(path: Path, room: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free) -> Finding:
    """Free space for the database, and whether its folder can be written to."""
    folder = next(parent for parent in [path.absolute().parent, *path.absolute().parents] if parent.exists())
    free = room(folder)
    if not os.access(folder, os.W_OK):
        return Finding(
            "disk", ok=False, found=f"{folder} cannot be written to", remedy="make it writable, or give another --db"
        )
    return Finding(
        "disk",
        ok=free >= ROOM_BYTES,
        found=f"{free / 2**30:,.1f} GiB free in {folder}",
        remedy=f"make room: {ROOM_BYTES / 2**30:g} GiB or more are needed, or give another --db",
    )


def file_system(path: Path | None) -> Finding:
    """SQLite needs a local disk; `path` is None for a database on a server."""
    from regbench.store import lock, mounts, scratch

    if path is None:
        return Finding("file system", ok=True, found="a server keeps the database")
    existing = next(parent for parent in [path, *path.parents] if parent.exists())
    if why := scratch.wanted(path.resolve()):
        held = lock.holder(lock.path_of(path.resolve()))
        said = f"; {held} works on it now" if held else ""
        return Finding("file system", ok=True, found=f"{why}: the database is worked on in local scratch{said}")
    kind = mounts.filesystem(existing)
    return Finding("file system", ok=True, found=f"{kind} under {existing}" if kind else "unknown on this system")


def database(db: str) -> Finding:
    """Whether the database opens, and what is in it."""
    from regbench.store import Store, engine

    try:
        path = engine.file_of(engine.locate(db))
        if path and not path.exists():
            return Finding("database", ok=True, found=f"none yet; `regbench run` makes {db}")
        with Store.open(db, read_only=True) as store:
            known = store.benchmarks()
    except RegbenchError as error:
        return Finding("database", ok=False, found=f"{without_password(db)} does not open", remedy=str(error))
    held = ", ".join(f"{row.name} ({row.done} of {row.jobs} jobs done)" for row in known.itertuples(index=False))
    return Finding("database", ok=True, found=f"{without_password(db)}: {held or 'no benchmark yet'}")


def cache() -> Finding:
    """Whether datasets can be kept between runs."""
    from regbench.data.places import cache_folder

    folder = cache_folder()
    existing = next(parent for parent in [folder.absolute(), *folder.absolute().parents] if parent.exists())
    return Finding(
        "cache",
        ok=os.access(existing, os.W_OK),
        found=str(folder),
        remedy=f"{existing} cannot be written to: name another folder with REGBENCH_CACHE",
    )


def data() -> Finding:
    """Which datasets are available locally, and which are still to be fetched."""
    from regbench import catalog
    from regbench import data as datasets
    from regbench.data.places import mirror, offline

    try:
        local = mirror()
    except RegbenchError as error:
        return Finding("data", ok=False, found="REGBENCH_DATA is wrong", remedy=str(error))
    names = catalog.names("datasets")
    missing = [name for name in names if not datasets.is_here(catalog.load("datasets", name), name)]
    where = [f"{len(names) - len(missing)} of {len(names)} here"]
    if local:
        where.append(f"REGBENCH_DATA={local}")
    if offline():
        where.append("REGBENCH_OFFLINE is set")
    return Finding(
        "data",
        ok=not (missing and offline()),
        found=", ".join(where) + (f"; to fetch: {', '.join(missing)}" if missing else ""),
        remedy="unset REGBENCH_OFFLINE, or get the files elsewhere and `regbench data import` them",
    )


def benchmarks(file: Path | None) -> Finding:
    """Whether benchmarks.yaml is valid."""
    from regbench import config

    try:
        known = config.load(file)
    except RegbenchError as error:
        return Finding("benchmarks", ok=False, found="an invalid file", remedy=str(error))
    return Finding("benchmarks", ok=True, found=", ".join(known.names()))


def safely(name: str, check: Callable[[], Finding]) -> Finding:
    """Run a check; an unexpected exception becomes a finding, so that the other checks still run."""
    try:
        return check()
    except Exception as error:
        return Finding(name, ok=False, found=f"{type(error).__name__}: {error}", remedy="look into this error first")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _load_average() -> float | None:
    return os.getloadavg()[0] if sys.platform != "win32" else None
