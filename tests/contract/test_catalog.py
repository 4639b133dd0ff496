"""Everything in the catalog keeps the promises that a user's file is asked for."""

from functools import cache

import pytest

from regbench import catalog, contract
from regbench.contract import Subject
from regbench.contract.promises import Promise
from regbench.contract.trained import LEARNS, PROMISES

NOTED = {  # kept, with something to know
    ("beta_nll", "gradients"): "detaches",
    ("balanced_mse", "gradients"): "detaches",
    ("balanced_mse", "rows"): "depends on the other rows",
    ("ranksim", "gradients"): "detaches",
    ("rot", "gradients"): "detaches",  # of the solution, which as many iterations reach at a larger γ only
    ("lds", "runs"): "refuses targets of 3 dimensions",
    ("fds", "runs"): "refuses targets of 3 dimensions",
}
NAMES = [(kind, name) for kind in contract.KINDS for name in catalog.names(kind)]
ALONE = [(kind, name, promise) for kind, name in NAMES for promise in contract.promises(kind)]
QUICK = {"lsq", "soft_binning", "ordinal_entropy"}  # whose trainings are in the quick tests too
EVERY = [each for each in ALONE if each[2] not in (*PROMISES, LEARNS) or each[1] in QUICK]
SLOW = [each for each in ALONE if each not in EVERY]


@cache
def of(kind: str, name: str) -> Subject:
    return contract.subject(kind, name)


def check(kind: str, name: str, promise: Promise) -> None:
    outcome = contract.ask(promise, of(kind, name))
    assert outcome.outcome == "kept", outcome
    expected = NOTED.get((name, promise.name), "")
    assert expected in outcome.note
    assert bool(outcome.note) == bool(expected), outcome.note


def spelled(given: object) -> str:
    return given.name if isinstance(given, Promise) else str(given)


@pytest.mark.parametrize(("kind", "name", "promise"), EVERY, ids=spelled)
def test_a_promise_is_kept(kind, name, promise):
    check(kind, name, promise)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name", "promise"), SLOW, ids=spelled)
def test_a_promise_of_training_is_kept(kind, name, promise):
    check(kind, name, promise)
