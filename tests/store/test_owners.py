"""Dead owners are recognised on this machine, and never guessed on others."""

import subprocess
import sys
import time

import psutil

from regbench.store.owners import is_dead, on_behalf_of, this_owner


def test_a_living_process_is_not_dead():
    assert not is_dead(this_owner())


def test_a_process_that_has_ended_is_dead():
    code = "from regbench.store.owners import this_owner; print(this_owner())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert is_dead(owner)


def test_a_process_that_has_ended_and_waits_for_its_parent_is_dead():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    machine, _, _ = this_owner().rsplit("|", 2)
    owner = f"{machine}|{child.pid}|{psutil.Process(child.pid).create_time() - psutil.boot_time():.2f}"
    assert not is_dead(owner)
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert is_dead(owner)
    child.communicate()
    assert is_dead(owner)


def test_a_process_number_that_is_used_again_is_not_the_old_process():
    machine, pid, started = this_owner().rsplit("|", 2)
    assert is_dead(f"{machine}|{pid}|{float(started) - 10:.2f}")


def test_an_owner_that_an_older_version_wrote_is_dead_only_where_its_process_is_gone():
    """It wrote clock ticks since boot, or nothing if the system does not tell them."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    machine, pid, _ = this_owner().rsplit("|", 2)
    for started in ("123456", ""):
        assert not is_dead(f"{machine}|{pid}|{started}")
        assert is_dead(f"{machine}|{child.pid}|{started}")


def test_nobody_on_another_machine_is_declared_dead():
    _, pid, started = this_owner().rsplit("|", 2)
    assert not is_dead(f"elsewhere|{pid}|{float(started) - 10:.2f}")
    assert not is_dead("nonsense")


def test_a_worker_elsewhere_is_dead_once_the_driver_that_claims_for_it_is():
    machine, pid, started = this_owner().rsplit("|", 2)
    elsewhere, gone = f"elsewhere|{pid}|{started}", f"{machine}|{pid}|{float(started) - 10:.2f}"
    assert not is_dead(on_behalf_of(elsewhere, this_owner()))
    assert is_dead(on_behalf_of(elsewhere, gone))
    assert is_dead(on_behalf_of(gone, this_owner()))
