"""A Ray cluster of several nodes on this machine, in a process of its own: `python -m tests.made.ray_nodes 2`.

It prints its address, then follows orders from its standard input: `kill 1` ends the second node as kill -9 would.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

ENVIRONMENT = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5e" * 32, "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass
class Nodes:
    """A running cluster; drivers need `ENVIRONMENT`."""

    process: "subprocess.Popen[str]"
    address: str

    def order(self, line: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextlib.contextmanager
def ray_nodes(count: int, environment: dict[str, str]) -> Iterator[Nodes]:
    """A cluster of nodes with one core each, whose workers have these variables."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT, **environment},
        text=True,
    )
    assert process.stdout
    try:
        yield Nodes(process, process.stdout.readline().strip())
    finally:
        process.communicate("end\n", timeout=60)


def main() -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes = [cluster.head_node] + [cluster.add_node(num_cpus=1) for _ in range(int(sys.argv[1]) - 1)]
    print(cluster.address, flush=True)  # noqa: T201
    for line in sys.stdin:
        match line.split():
            case ["kill", number]:
                cluster.remove_node(nodes[int(number)], allow_graceful=False)
            case _:
                break
        print("done", flush=True)  # noqa: T201
    cluster.shutdown()


if __name__ == "__main__":
    main()
