"""Ray on this machine, for tests of its engine."""

from collections.abc import Iterator

import pytest

from regbench.engines.ray.cluster import Cluster, Slot


@pytest.fixture(scope="package")
def ray_here() -> Iterator[None]:
    """A cluster of two slots; starting one takes seconds, so tests share it."""
    pytest.importorskip("ray")
    cluster = Cluster(None, [Slot("cpu", cpus=1)] * 2)
    cluster.start()
    yield
    cluster.stop()
