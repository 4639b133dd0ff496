"""The contract of every engine; `runner` relies on nothing else."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from regbench.engines.engine import Engine, MakeEngine, Outcome, Place
from regbench.engines.local import LocalEngine
from regbench.engines.ray.cluster import Cluster, Slot
from regbench.engines.ray.engine import RayEngine
from tests.engines.in_process import InProcessEngine


def on_ray(devices: list[str]) -> MakeEngine:
    """Slots that only say that they have a GPU: a test of the engine needs none."""
    return partial(RayEngine, Cluster(None, [Slot(device, cpus=1) for device in devices]))


ENGINES: dict[str, Callable[[list[str]], MakeEngine]] = {
    "local": lambda devices: partial(LocalEngine, devices),
    "in process": lambda devices: partial(InProcessEngine, devices),
    "ray": on_ray,
}


@pytest.fixture(params=["local", "in process", pytest.param("ray", marks=pytest.mark.slow)])
def start(request: pytest.FixtureRequest) -> Callable[..., Engine]:
    if request.param == "ray":
        request.getfixturevalue("ray_here")
    return lambda *devices: ENGINES[request.param](list(devices))(work)


def work(task: object, place: Place) -> object:
    match task:
        case "where":
            return place.device, place.alive()
        case "raise":
            raise ValueError("wrong")
        case ("sleep", float(seconds)):
            time.sleep(seconds)
    return task


def outcomes(engine: Engine, count: int) -> list[Outcome]:
    found: list[Outcome] = []
    while len(found) < count:
        found += engine.wait(1.0)
    return found


def test_a_task_runs_on_the_device_of_its_slot_and_its_outcome_names_both(start):
    with start("cpu", "cuda:0") as engine:
        assert list(engine.devices) == ["cpu", "cuda:0"]
        engine.submit(1, "where")
        (ended,) = outcomes(engine, 1)
        assert (ended.slot, ended.task, ended.result) == (1, "where", ("cuda:0", True))
        assert ended.error is None
        assert not ended.died


def test_an_exception_comes_back_and_the_slot_goes_on(start):
    with start("cpu") as engine:
        engine.submit(0, "raise")
        (raised,) = outcomes(engine, 1)
        assert isinstance(raised.error, ValueError)
        assert not raised.died
        engine.submit(0, 5)
        assert [each.result for each in outcomes(engine, 1)] == [5]


def test_a_slot_is_busy_until_its_task_has_ended(start):
    with start("cpu", "cpu") as engine:
        assert (engine.free(), engine.busy) == ([0, 1], False)
        engine.submit(1, ("sleep", 0.1))
        assert (engine.free(), engine.busy) == ([0], True)
        outcomes(engine, 1)
        assert (engine.free(), engine.busy) == ([0, 1], False)


def test_waiting_for_nothing_takes_its_time(start):
    """Otherwise a run whose packs all wait for a retry would keep a core busy."""
    with start("cpu") as engine:
        started = time.monotonic()
        assert engine.wait(0.2) == []
        assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_task_that_does_not_listen_ends_as_a_death(start, how):
    """At any moment, also while its worker is still starting."""
    with start("cpu") as engine:
        engine.submit(0, ("sleep", 60.0))
        getattr(engine, how)()
        (ended,) = outcomes(engine, 1)
        assert (ended.died, ended.result) == (True, None)
        assert not engine.busy


def test_a_renewed_slot_takes_tasks(start):
    with start("cpu") as engine:
        engine.submit(0, 1)
        outcomes(engine, 1)
        engine.renew(0)
        engine.submit(0, 2)
        assert [each.result for each in outcomes(engine, 1)] == [2]
