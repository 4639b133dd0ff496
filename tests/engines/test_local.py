"""The local engine: tasks run in separate processes, deaths are noticed, and other workers continue."""

import os
import signal
import time

from regbench.engines.local import LocalEngine


def work(task, place):
    """Do what a task of these tests asks for, in a real worker process."""
    match task:
        case "pid":
            return os.getpid()
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "print":
            print("from Python", flush=True)  # noqa: T201
            os.write(1, b"from C")
        case "threads":
            return os.environ["OMP_NUM_THREADS"], place.device
        case ("sleep", seconds):
            time.sleep(seconds)
    return None


def outcomes(engine, count):
    found = []
    while len(found) < count:
        found += engine.wait(1.0)
    return found


def test_a_death_is_told_and_the_slot_works_on_with_a_new_process():
    with LocalEngine(["cpu", "cpu"], work) as engine:
        engine.submit(0, "pid")
        engine.submit(1, "pid")
        first = {each.slot: each.result for each in outcomes(engine, 2)}
        assert len(set(first.values())) == 2
        engine.submit(0, "die")
        engine.submit(1, "pid")
        ended = {each.slot: each for each in outcomes(engine, 2)}
        assert ended[0].died
        assert ended[1].result == first[1]
        engine.submit(0, "pid")
        (again,) = outcomes(engine, 1)
        assert again.result not in first.values()


def test_a_worker_computes_in_one_thread():
    with LocalEngine(["cpu"], work) as engine:
        engine.submit(0, "threads")
        (threads,) = outcomes(engine, 1)
        assert threads.result == ("1", "cpu")


def test_what_a_worker_prints_goes_to_stderr(capfd):
    with LocalEngine(["cpu"], work) as engine:
        engine.submit(0, "print")
        outcomes(engine, 1)
    out, err = capfd.readouterr()
    assert out == ""
    assert "from Python" in err
    assert "from C" in err


def test_killing_ends_tasks_at_once():
    with LocalEngine(["cpu"], work) as engine:
        engine.submit(0, "pid")
        outcomes(engine, 1)
        engine.submit(0, ("sleep", 60))
        time.sleep(0.3)
        engine.kill()
        (ended,) = outcomes(engine, 1)
        assert ended.died


def test_a_worker_that_is_killed_while_it_has_nothing_to_do_is_replaced():
    with LocalEngine(["cpu"], work) as engine:
        engine.submit(0, "pid")
        (first,) = outcomes(engine, 1)
        os.kill(first.result, signal.SIGKILL)
        time.sleep(0.5)
        engine.submit(0, "pid")
        (again,) = outcomes(engine, 1)
        assert again.died or again.result != first.result  # told, if nobody had noticed yet


def test_a_renewed_slot_has_a_new_process():
    with LocalEngine(["cpu"], work) as engine:
        engine.submit(0, "pid")
        (first,) = outcomes(engine, 1)
        engine.renew(0)
        engine.submit(0, "pid")
        (again,) = outcomes(engine, 1)
        assert again.result != first.result
