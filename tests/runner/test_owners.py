"""Who is dead: known for processes of this machine, never guessed for others."""

import subprocess
import sys

from regbench.runner.owners import is_dead, this_owner


def test_a_living_process_is_not_dead():
    assert not is_dead(this_owner())


def test_a_process_that_has_ended_is_dead():
    code = "from regbench.runner.owners import this_owner; print(this_owner())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert is_dead(owner)


def test_a_process_number_that_is_used_again_is_not_the_old_process():
    machine, pid, started = this_owner().rsplit("|", 2)
    assert is_dead(f"{machine}|{pid}|{int(started) - 1}")


def test_nobody_on_another_machine_is_declared_dead():
    _, pid, started = this_owner().rsplit("|", 2)
    assert not is_dead(f"elsewhere|{pid}|{int(started) - 1}")
    assert not is_dead("nonsense")
