"""The parts of the Ray engine that need no cluster: its actor, the wire to it, slots of nodes, and what is sent."""

import os
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from regbench import roots
from regbench.config.amounts import check_engine, check_ray_address
from regbench.engines.ray.cluster import Cluster, Node, Slot, check_reachable
from regbench.engines.ray.keeper import Asked, Ended, Keeper, Ready, Setting, Stopped
from regbench.engines.ray.look import Look
from regbench.engines.ray.luggage import Luggage
from regbench.engines.ray.wire import Exchange, Reply
from regbench.errors import InfrastructureError, NotInstalled, PassingError, UsageError

NOTHING = Setting({}, {}, {})


def work(task, place):
    match task:
        case "ask":
            return place.ask(("what", place.device))
        case ("sleep", seconds):
            time.sleep(seconds)
        case "pid":
            return os.getpid()
    return task


class Driver:
    """Hears an actor as the engine does, without Ray."""

    def __init__(self, device="cpu"):
        self.keeper = Keeper(work, device, NOTHING)
        self.heard = 0
        self.next(Ready)

    def next(self, kind):
        """The next message of that kind."""
        while True:
            for number, message in self.keeper.news(self.heard):
                self.heard = number
                if isinstance(message, kind):
                    return message


@pytest.fixture(scope="module")
def driver():
    driver = Driver()
    yield driver
    driver.keeper.close()


def test_an_actor_tells_how_a_task_ended_until_that_was_heard(driver):
    driver.keeper.order("submit", 0, 5)
    before = driver.heard
    assert driver.next(Ended) == Ended(5, None, died=False)
    assert [message for _, message in driver.keeper.news(before)] == [Ended(5, None, died=False)]


def test_a_task_gets_the_answer_to_its_question_or_the_exception(driver):
    driver.keeper.order("submit", 0, "ask")
    asked = driver.next(Asked)
    assert asked.question == ("what", "cpu")
    driver.keeper.answer(asked.number, Reply("this"))
    assert driver.next(Ended).result == "this"
    driver.keeper.order("submit", 0, "ask")
    driver.keeper.answer(driver.next(Asked).number, Reply(error=UsageError("not that")))
    assert isinstance(driver.next(Ended).error, UsageError)


def test_an_order_that_comes_too_late_does_not_touch_the_next_task(driver):
    driver.keeper.order("kill")
    driver.keeper.order("submit", 0, 7)
    assert driver.next(Ended) == Ended(7, None, died=False)


def test_a_worker_that_is_killed_ends_as_a_death_and_the_actor_goes_on(driver):
    driver.keeper.order("submit", 0, "pid")
    pid = driver.next(Ended).result
    driver.keeper.order("submit", 0, ("sleep", 60))
    os.kill(pid, 9)
    assert driver.next(Ended).died
    driver.keeper.order("submit", 0, "pid")
    assert driver.next(Ended).result != pid


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot stop a process")
def test_a_stopped_worker_is_told_and_can_be_killed(driver):
    driver.keeper.order("submit", 0, "pid")
    pid = driver.next(Ended).result
    driver.keeper.order("submit", 0, ("sleep", 60))
    os.kill(pid, 19)
    assert driver.next(Stopped).stopped
    driver.keeper.order("kill")
    assert driver.next(Ended).died


def test_a_worker_whose_actor_has_ended_is_told_so():
    exchange = Exchange(Reply)
    assert exchange.wire(3) == 3
    exchange.close()
    with pytest.raises(PassingError, match="cannot be reached"):
        exchange.wire(3)


def node(devices, *, cpus=8.0, gpus=0.0, oversubscribed=False):
    return Node("n", "host", cpus, gpus, Look(tuple(devices), 2**30, oversubscribed, {}))


def test_a_node_has_as_many_slots_as_it_says_and_ray_grants():
    assert node(["cpu"] * 4).slots() == [Slot("cpu", "n", "host", cpus=1.0)] * 4
    assert node(["cpu"] * 4, cpus=2.0).slots() == [Slot("cpu", "n", "host", cpus=1.0)] * 2
    assert node(["cpu"] * 4, cpus=0.0).slots() == []
    assert Node("n", "host", 8.0, 0.0, None, "it is away").slots() == []


def test_slots_that_share_cores_or_a_gpu_fit_into_what_the_node_has():
    shared = node(["cpu"] * 3, cpus=1.0, oversubscribed=True).slots()
    assert len(shared) == 3
    assert 0.9 < sum(slot.cpus for slot in shared) <= 1
    gpus = node(["cuda:0"] * 3 + ["cuda:1"] * 3, cpus=2.0, gpus=2.0).slots()
    assert {slot.device for slot in gpus} == {"cuda:0"}  # a worker sees the GPU that Ray gives it as the first
    assert len(gpus) == 6
    assert 1.9 < sum(slot.gpus for slot in gpus) <= 2
    assert sum(slot.cpus for slot in gpus) <= 2
    assert gpus[0].name == "cuda:0 of host"


def test_gpus_of_this_machine_are_the_first_ones_and_may_be_shared():
    pytest.importorskip("ray")
    slots = Cluster.here(["cuda:0", "cuda:0", "cuda:1", "cuda:1"]).slots
    assert [(slot.device, slot.gpus) for slot in slots] == [("cuda:0", 0.5)] * 4
    with pytest.raises(UsageError, match="CUDA_VISIBLE_DEVICES"):
        Cluster.here(["cuda:1"])


def test_settings_of_a_run_hold_everywhere_and_folders_where_they_are(tmp_path):
    setting = Setting({"A": "1"}, {"HERE": str(tmp_path), "AWAY": str(tmp_path / "no"), "OWN": str(tmp_path)}, {})
    environment = {"A": "0", "OWN": "/its/own"}
    setting.apply(environment)
    assert environment == {"A": "1", "HERE": str(tmp_path), "OWN": "/its/own"}


def test_addresses_of_databases_are_not_sent(monkeypatch):
    monkeypatch.setenv("REGBENCH_DB", "postgresql://me:secret@host/results")
    monkeypatch.setenv("REGBENCH_DB_ADDRESS_1", "postgresql://me:secret@host/results")
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    setting = Setting.of_this_process({})
    assert setting.switches == {"REGBENCH_OFFLINE": "1"}
    assert set(setting.folders) <= {"REGBENCH_CACHE", "REGBENCH_DATA"}


def test_what_the_user_named_is_sent_and_nothing_else(tmp_path, monkeypatch):
    plugins = tmp_path / "mine"
    for name in ("gar.py", "helper.py", ".secret", "__pycache__/gar.pyc"):
        (plugins / name).parent.mkdir(parents=True, exist_ok=True)
        (plugins / name).write_text(name)
    (tmp_path / "other.py").write_text("")
    monkeypatch.setenv(roots.VARIABLE, str(plugins))
    luggage = Luggage.of_this_process()
    with luggage.packed() as options:
        folder = Path(options["runtime_env"]["working_dir"])
        found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == ["0/mine/gar.py", "0/mine/helper.py"]
    assert luggage.sent == {str(plugins): "0/mine"}
    assert not folder.exists()
    assert roots.added().moved({str(plugins): "/there/mine"}).places == ("/there/mine",)


def test_without_plugins_nothing_is_sent():
    with Luggage.of_this_process().packed() as options:
        assert options == {}


def test_an_address_where_nothing_listens_is_refused_at_once():
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InfrastructureError, match=f"--address 127.0.0.1:{port}: no Ray cluster.*ray start --head"):
        check_reachable(f"127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["", "here", "host:", ":1", "host:99999", "host:x", "ray://host:10001"])
def test_what_is_no_address_of_a_cluster_is_refused(address):
    with pytest.raises(UsageError, match=r"--address .*auto"):
        check_ray_address(address)


def test_addresses_and_engines_that_there_are_pass():
    for address in ("auto", "10.0.0.2:6379", "[::1]:6379", "node7:6379"):
        check_ray_address(address)
    check_engine("ray")
    with pytest.raises(UsageError, match="did you mean 'ray'"):
        check_engine("rya")


def test_without_ray_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(NotInstalled, match=r"pip install 'regbench\[ray\]'"):
        Cluster.here(["cpu"])
