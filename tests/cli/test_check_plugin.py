"""`check-plugin` says what is broken, where, and what mends it; and `new` writes a file to start from."""

import json

import pytest

from tests.cli.conftest import Command
from tests.contract.files import method


def test_a_broken_promise_exits_8_and_names_the_line_and_a_remedy(regbench: Command, in_tmp):
    (in_tmp / "mine.py").write_text(method("return (batch.prediction - batch.y).square()"))
    said = regbench("check-plugin", "mine.py")
    assert said.code == 8
    first, *below = said.out.splitlines()
    assert first.startswith("!!  runs")
    assert [line.strip() for line in below[:4]] == [
        "line 10: def loss(params, batch, hparams):",
        "expected a loss of shape (12,), one for each row",
        "found (12, 1) for a batch of 12 rows and 1 target dimension",
        "remedy: sum over the dimensions of the target: `.sum(-1)`",
    ]
    assert "not asked, because of the above" in below[4]
    assert "1 promise of 19 broken" in said.err


def test_json_has_every_promise(regbench: Command, in_tmp):
    (in_tmp / "mine.py").write_text(method("return batch.predictions"))
    said = regbench("check-plugin", "mine.py", "--json")
    assert said.code == 8
    data = json.loads(said.out)["data"]
    assert (data["kind"], data["name"], data["kept"]) == ("method", "mine", False)
    assert data["promises"][0]["found"].startswith("AttributeError: 'Batch' object has no attribute 'predictions'")
    assert data["promises"][0]["code"] == "return batch.predictions"
    assert {each["outcome"] for each in data["promises"][1:]} == {"not asked"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("loss = 3", "mine.py: defines none of `METHOD = ...`, `WRAPPER = ...`, `REGULARIZER = ...`"),
        ("METHOD = 3", "mine.py, line 1: METHOD must be made by a call"),
        ("def criterion(prediction): return 0", "criterion must take two tensors"),
        (method(before="print(nothing)"), "mine.py, line 8: NameError: name 'nothing' is not defined"),
        ("METHOD = Method(", "mine.py, line 1: '(' was never closed"),
    ],
)
def test_a_file_that_is_wrong_exits_2_with_one_line(regbench: Command, in_tmp, text, said):
    (in_tmp / "mine.py").write_text(text)
    found = regbench("check-plugin", "mine.py")
    assert found.code == 2
    assert said in found.err.splitlines()[-1]
    assert not found.out


def test_a_place_that_is_no_file_of_python_exits_2(regbench: Command, in_tmp):
    assert "name a Python file" in regbench("check-plugin", "mine").err
    assert "there is no such folder or file" in regbench("check-plugin", "mine.py").err
    (in_tmp / "my-loss.py").write_text(method())
    assert "letters and underscores" in regbench("check-plugin", "my-loss.py").err


def test_a_broken_loss_is_told_before_anything_is_trained(regbench: Command, in_tmp):
    (in_tmp / "mine.py").write_text("def criterion(prediction, target):\n    return (prediction - target).log()\n")
    said = regbench("try", "mine.py", "--dataset", "CA")
    assert said.code == 8
    assert "mine.py, line 1: expected a finite loss, found nan" in said.err
    assert not (in_tmp / "results").exists()


def test_what_could_be_compared_with_nothing_is_not_trained(regbench: Command, in_tmp):
    (in_tmp / "mine.py").write_text(method())
    said = regbench("try", "mine.py", "smoke", "--with", "none")
    assert said.code == 6
    assert "`regbench run smoke --method lsq` trains them" in said.err
    assert not (in_tmp / "results").exists()


def test_new_prints_the_file_and_the_next_command(regbench: Command, in_tmp):
    said = regbench("new", "criterion", "mine", "--to", "losses")
    assert (said.code, said.out) == (0, "losses/mine.py\n")
    assert said.err.endswith("check-plugin losses/mine.py\n")
    again = regbench("new", "criterion", "mine", "--to", "losses")
    assert (again.code, again.err) == (2, "regbench: losses/mine.py exists and is left as it is; choose another name\n")
