"""Every failure has a class, every class has a rule, and plans follow the rules."""

import errno

import pytest

from regbench.errors import DataUnavailable, InfrastructureError, Interrupted, Mismatch, UsageError
from regbench.runner.failures import RETRIED, RULES, classify, rule


@pytest.mark.parametrize(
    ("error", "failure_class"),
    [
        (UsageError("no such method"), "configuration"),
        (ValueError("wrong shape"), "user code"),
        (Mismatch("another number"), "user code"),
        (MemoryError(), "resources"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "resources"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "resources"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "resources"),
        (OSError(errno.ENOSPC, "No space left on device"), "infrastructure"),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "infrastructure"),
        (InfrastructureError("database is locked"), "infrastructure"),
        (DataUnavailable("nowhere"), "infrastructure"),
        (Interrupted("stop"), "interrupted"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_what_a_job_raises_has_one_class(error, failure_class):
    assert classify(error) == failure_class


def test_every_class_of_the_house_has_a_rule():
    assert set(RULES) == {"configuration", "user code", "divergence", "resources", "infrastructure", "interrupted"}
    assert sorted(RETRIED) == ["infrastructure", "interrupted", "resources"]
    assert not rule("a class of another version").automatic


def test_only_infrastructure_waits_before_it_is_tried_again_and_ever_longer():
    waits = [RULES["infrastructure"].wait_s(attempt) for attempt in range(1, 9)]
    assert waits == sorted(waits)
    assert waits[0] > 0
    assert waits[-1] == waits[-2]
    assert all(each.wait_s(3) == 0 for name, each in RULES.items() if name != "infrastructure")
