"""Ray clusters: one of this machine alone, started and stopped with the run, or a running one that is joined."""

import contextlib
import importlib.util
import logging
import math
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from regbench import settings
from regbench.engines.ray.look import Look, look, versions
from regbench.engines.ray.luggage import Luggage
from regbench.errors import InfrastructureError, NotInstalled, RegbenchError, UsageError

REACH_S = 10.0  # for a cluster to take a connection
LOOK_S = 90.0  # for a node to say what it has
SMALLEST_PART = 1e-4  # of a core or a GPU that Ray can count

# Nothing is reported to Ray's makers, and a worker without a GPU of Ray's sees those of its node nevertheless.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@dataclass(frozen=True)
class Slot:
    """A slot of a cluster: the device that a worker sees, and what of which node Ray keeps for it.

    node: Ray's name of the node where it belongs; once that is lost, any other may take it. None for any.
    """

    device: str
    node: str | None = None
    host: str = ""
    cpus: float = 0.0
    gpus: float = 0.0

    @property
    def name(self) -> str:
        """The device for messages; GPUs of several nodes have the same number."""
        return f"{self.device} of {self.host}" if self.host and self.device != "cpu" else self.device

    def options(self) -> dict[str, Any]:
        """Ray's options of its actor."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        strategy = NodeAffinitySchedulingStrategy(self.node, soft=True) if self.node else "DEFAULT"
        return {"num_cpus": self.cpus, "num_gpus": self.gpus, "scheduling_strategy": strategy}


@dataclass(frozen=True)
class Node:
    """A node of a cluster, and what it says of itself; `trouble` where it does not."""

    name: str
    host: str
    cpus: float
    gpus: float
    look: Look | None
    trouble: str = ""

    def slots(self) -> list[Slot]:
        """Its slots; a GPU, or the cores, are shared by as many as it says."""
        devices = self.look.devices if self.look else ()
        if not devices:
            return []
        on_gpu = devices[0] != "cpu"
        have = self.gpus if on_gpu else self.cpus
        if have <= 0:
            return []
        if on_gpu:
            each = len(devices) // max(1, len(set(devices)))  # workers on one GPU
            count = min(len(devices), int(have) * each)
            share, cores = _part(1, each), _part(min(self.cpus, count), count)
            return [Slot("cuda:0", self.name, self.host, cores, share) for _ in range(count)]
        count = len(devices) if self.look and self.look.oversubscribed else min(len(devices), max(1, int(have)))
        return [Slot("cpu", self.name, self.host, _part(min(have, count), count)) for _ in range(count)]


@dataclass
class Cluster:
    """A cluster and its slots.

    address: of a running cluster, or "auto" for the one of this machine; None to start one here.
    slots: empty until `find`; with `here` those of this machine.
    """

    address: str | None = None
    slots: list[Slot] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    luggage: Luggage = field(default_factory=Luggage)

    @classmethod
    def here(cls, devices: Sequence[str]) -> "Cluster":
        """A cluster to be started on this machine, with these device slots."""
        require()
        used = {device for device in devices if device != "cpu"}
        if used != {f"cuda:{index}" for index in range(len(used))}:  # Ray gives the first ones to its workers
            raise UsageError(
                f"--devices {','.join(sorted(used))}: Ray numbers GPUs itself; write cuda, and choose by "
                "CUDA_VISIBLE_DEVICES"
            )
        each = {device: _part(1, list(devices).count(device)) for device in devices}
        slots = [
            Slot("cpu", cpus=1) if device == "cpu" else Slot("cuda:0", cpus=1, gpus=each[device]) for device in devices
        ]
        return cls(None, slots)

    @classmethod
    def find(cls, address: str, wanted: str | None = None, workers: int | None = None) -> "Cluster":
        """Join a cluster, and find its slots: its GPUs if there are any, or else its cores.

        Raises:
            UsageError: `wanted` is neither cpu nor cuda.
            InfrastructureError: there is no such cluster, or no node of it can be used.
        """
        if wanted not in (None, "", "cpu", "cuda"):
            raise UsageError(f"--devices {wanted}: a cluster's nodes number their GPUs themselves; write cpu or cuda")
        cluster = cls(address, luggage=Luggage.of_this_process())
        cluster.start()
        cluster.nodes = list(_look_at_nodes(wanted, workers))
        found = [slot for node in cluster.nodes for slot in node.slots()]
        gpus = [slot for slot in found if slot.gpus]
        cluster.slots = gpus or found
        if not cluster.slots:
            why = next((f"{node.host}: {node.trouble}" for node in cluster.nodes if node.trouble), "it has no cores")
            raise InfrastructureError(f"--address {address}: no node of the Ray cluster can be used ({why})")
        return cluster

    @property
    def devices(self) -> list[str]:
        """The device of each slot, for a plan."""
        return [slot.device for slot in self.slots]

    @property
    def free_bytes(self) -> int | None:
        """Memory for each slot, the least of all used nodes; None if unknown."""
        used = {slot.node for slot in self.slots}
        return min(
            (node.look.free_bytes for node in self.nodes if node.name in used and node.look and node.look.free_bytes),
            default=None,
        )

    @property
    def text(self) -> str:
        """The cluster in one line: `Ray cluster: 6 x cpu on 2 nodes`."""
        counts = Counter(self.devices)
        nodes = len({slot.node for slot in self.slots})
        slots = ", ".join(f"{count} x {device}" for device, count in counts.items())
        return f"Ray cluster: {slots} on {nodes} node{'s' if nodes > 1 else ''}"

    def warnings(self) -> list[str]:
        """A line for each node that cannot be used, and for each that has other versions than the driver."""
        ours, lines = versions(), []
        for node in self.nodes:
            if node.look is None:
                lines.append(f"{node.host}: this node of the Ray cluster is left out ({node.trouble})")
                continue
            other = [f"{name} {got}, not {ours[name]}" for name, got in node.look.versions.items() if got != ours[name]]
            if other:
                lines.append(f"{node.host}: this node has {'; '.join(other)}: its numbers may differ by rounding")
        return lines

    def start(self) -> None:
        """Start the cluster, or join it; nothing happens if this process has done so already."""
        ray = library(alone=self.address is None)
        if ray.is_initialized():
            return
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.address is None:
            cores = sum(slot.cpus for slot in self.slots)
            gpus = len({slot.device for slot in self.slots if slot.gpus}) and sum(slot.gpus for slot in self.slots)
            options |= {"address": "local", "num_cpus": math.ceil(cores), "num_gpus": round(gpus)}
            options |= {"include_dashboard": False}
        else:
            options["address"] = self.address
            check_reachable(self.address)
        try:
            with _own_signals(), _quiet(), self.luggage.packed() as files:
                ray.init(**options, **files)
        except RegbenchError:
            raise
        except Exception as error:  # Ray has many
            raise InfrastructureError(_no_cluster(self.address, error)) from None

    def stop(self) -> None:
        """Leave the cluster; one that was started here ends."""
        ray = library()
        if ray.is_initialized():
            ray.shutdown()

    def actor_class(self, cls: type) -> Any:
        """The actor class of `Keeper`: messages to the driver have a thread of their own."""
        ray = library()
        return ray.remote(concurrency_groups={"news": 1}, max_restarts=0, max_task_retries=0)(cls)

    def what_happened(self, slot: Slot) -> str:
        """A line on the loss of the actor of a slot, if its node was lost with it; else empty."""
        if slot.node is None:
            return ""
        alive = {node["NodeID"] for node in library().nodes() if node["Alive"]}
        lost = slot.node not in alive
        return f"a node of the Ray cluster is lost ({slot.host}); its packs go to others" if lost else ""


def require() -> None:
    """Raise `NotInstalled` without Ray; it is not imported, which takes a second."""
    if not is_installed():
        raise NotInstalled("--engine ray needs the package ray, which is not installed: pip install 'regbench[ray]'")


def is_installed() -> bool:
    """Whether Ray can be imported."""
    try:
        return importlib.util.find_spec("ray") is not None
    except ValueError:  # its entry among the modules is None
        return False


def library(*, alone: bool = False) -> ModuleType:
    """Ray, prepared to keep quiet.

    alone: nobody else joins the cluster, so that its token need not be kept in a file. Ray reads it while it is
        imported, and never again.
    """
    require()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if alone and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    import ray
    from ray._private import worker

    # Besides what `log_to_driver` is about, Ray prints the last lines of the log of each lost node to stdout, where
    # they would break JSON. There is no option against it; the line of ours says what matters.
    worker.print_to_stdstream = lambda *_, **__: None
    return ray


def check_reachable(address: str) -> None:
    """Refuse an address where nothing listens: Ray would try it for minutes.

    Raises:
        InfrastructureError: nothing listens there; of "auto" what the last `ray start` of this machine left is taken.
    """
    where = address
    if address == "auto":
        left = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir()), "ray", "ray_current_cluster")
        where = os.environ.get("RAY_ADDRESS") or (left.read_text(encoding="utf-8").strip() if left.is_file() else "")
    host, _, port = where.rpartition(":")
    if not port.isdigit():
        return  # Ray knows better where to look
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_S).close()
    except OSError as error:
        raise InfrastructureError(_no_cluster(address, OSError(f"{where}: {error.strerror or error}"))) from None


def _look_at_nodes(wanted: str | None, workers: int | None) -> Iterator[Node]:
    """Ask every node at once what it has."""
    ray = library()
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    switches = {name: os.environ[name] for name in settings.OF_A_RUN if name in os.environ}
    nodes = [node for node in ray.nodes() if node["Alive"]]
    asked = []
    for node in nodes:
        strategy = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        task: Callable[..., Any] = ray.remote(num_cpus=0, num_gpus=0, max_calls=1, max_retries=1)(look)
        options = task.options(scheduling_strategy=strategy, runtime_env={"env_vars": ENVIRONMENT})  # type: ignore
        asked.append(options.remote(wanted, workers, switches))
    ray.wait(asked, num_returns=len(asked), timeout=LOOK_S)
    for node, answer in zip(nodes, asked, strict=True):
        has = node["Resources"]
        known = (node["NodeID"], node["NodeManagerHostname"], has.get("CPU", 0.0), has.get("GPU", 0.0))
        try:
            yield Node(*known, look=ray.get(answer, timeout=0))
        except Exception as error:  # another Python, no regbench, or lost meanwhile
            lines = [line for line in str(error).splitlines() if line.strip()]
            yield Node(*known, look=None, trouble=lines[-1] if lines else type(error).__name__)


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handler of SIGTERM, which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop what is written to stderr, where Ray tells every second that it cannot join; its exception says it too."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _part(of: float, count: int) -> float:
    """A part for each that Ray can count, rounded down so that all fit; one or more are whole."""
    each = of / count
    return float(int(each)) if each >= 1 else max(SMALLEST_PART, int(each / SMALLEST_PART) * SMALLEST_PART)


def _no_cluster(address: str | None, error: Exception) -> str:
    line = next((text.strip() for text in str(error).splitlines() if text.strip()), type(error).__name__)
    if address is None:
        return f"Ray does not start on this machine: {line}"
    return (
        f"--address {address}: no Ray cluster could be joined ({line}); `ray start --head` starts one, and "
        "RAY_AUTH_TOKEN must be the same on all its nodes and here"
    )
