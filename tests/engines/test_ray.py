"""The Ray engine on a cluster of this machine, beyond the contract of all engines."""

import os
import signal
import time

import pytest

from regbench.engines.ray.cluster import Cluster, Slot
from regbench.engines.ray.engine import RayEngine
from tests.engines.test_contract import outcomes

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ray_here")]


def work(task, place):
    match task:
        case "ask":
            return place.ask("how are you?")
        case "actor":
            return os.getppid()
        case "print":
            print("flood\n" * 1000)  # noqa: T201
        case ("sleep", seconds):
            time.sleep(seconds)
    return task


@pytest.fixture
def engine():
    with RayEngine(Cluster(None, [Slot("cpu", cpus=1)]), work) as engine:
        yield engine


def test_a_task_may_ask_the_driver_and_the_terminal_stays_quiet(engine, capfd):
    def answer(slot, question):
        if question == "how are you?":
            return f"fine, {slot}"
        raise ValueError(question)

    engine.serve(answer)
    for task, result in (("ask", "fine, 0"), ("print", "print")):
        engine.submit(0, task)
        (ended,) = outcomes(engine, 1)
        assert ended.result == result
    assert capfd.readouterr() == ("", "")


def test_the_death_of_an_actor_is_told_and_another_takes_its_place(engine):
    engine.submit(0, "actor")
    (first,) = outcomes(engine, 1)
    engine.submit(0, ("sleep", 60))
    os.kill(first.result, signal.SIGKILL)
    (ended,) = outcomes(engine, 1)
    assert ended.died
    while not engine.free():
        engine.wait(0.2)
    engine.submit(0, "actor")
    (second,) = outcomes(engine, 1)
    assert second.result not in (None, first.result)


def test_an_actor_that_does_not_answer_is_ended_with_its_worker(engine):
    engine.submit(0, "actor")
    (first,) = outcomes(engine, 1)
    engine.submit(0, ("sleep", 60))
    os.kill(first.result, signal.SIGSTOP)
    engine.kill()
    (ended,) = outcomes(engine, 1)
    assert ended.died
    assert not engine.busy


def test_ray_reports_nothing_to_its_makers(engine):
    from ray._common.usage import usage_lib

    assert not usage_lib.usage_stats_enabled()
