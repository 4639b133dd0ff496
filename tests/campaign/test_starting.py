"""Starting files: they pass the check as they are, and nothing is overwritten."""

import pytest

from regbench import contract
from regbench.campaign import starting
from regbench.campaign.plugins import defined
from regbench.errors import UsageError

KINDS = ("methods", "regularizers", "wrappers")


@pytest.mark.parametrize("kind", starting.FOLDERS)
def test_a_starting_file_keeps_every_promise_without_a_note(kind, in_tmp):
    path = starting.write(kind, "my_start")
    assert path.parts == ("plugins", starting.FOLDERS[kind], "my_start.py")
    found = defined(path, "check-plugin", KINDS)
    assert found.kind == starting.FOLDERS[kind]
    outcomes = contract.examine(contract.subject(found.kind, found.name))
    assert {(each.promise, each.outcome, each.note) for each in outcomes} == {
        (each.promise, "kept", "") for each in outcomes
    }


def test_nothing_is_overwritten(in_tmp):
    path = starting.write("method", "my_start")
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists and is left as it is"):
        starting.write("criterion", "my_start")
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lsq", "'lsq' is a method already"),
        ("ridge", "'ridge' is a baseline already"),
        ("My-Loss", "such as my_loss"),
        ("lambda", "cannot be a name"),
        ("../mine", "cannot be a name"),
    ],
)
def test_a_name_that_cannot_be_is_refused(in_tmp, name, said):
    with pytest.raises(UsageError, match=said):
        starting.write("method", name)
    assert not list(in_tmp.iterdir())
