"""An error of a user's method is told with the place in the user's file."""

from types import SimpleNamespace

import pytest
import torch

from regbench import catalog, roots
from regbench.backbones import mlp
from regbench.runner.work.failure import said

METHOD = '''"""A loss with a mistake."""
import torch
from regbench.methods import lsq
from regbench.types import Method

print("imported")


def loss(params, batch, hparams):
    wrong = torch.ones(7, 3)
    return (batch.prediction @ wrong).sum(-1)


METHOD = Method(outputs=lsq.METHOD.outputs, init=lsq.METHOD.init, loss=loss, predict=lsq.METHOD.predict, uses_k=False,
                reference="")
'''


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text(METHOD)
    roots.add(places=[str(path)])
    return catalog.load("methods", "wrong")


def test_the_line_of_the_users_file_is_told_and_not_that_of_a_library(wrong):
    with pytest.raises(RuntimeError) as raised:
        torch.func.vmap(lambda prediction: wrong.loss(None, SimpleNamespace(prediction=prediction), None))(
            torch.ones(2, 4, 1)
        )
    assert said(raised.value).splitlines()[0].endswith("(wrong.py, line 11)")


def test_an_error_in_ours_is_told_with_our_line():
    with pytest.raises(TypeError) as raised:
        mlp.dropped(None)  # type: ignore[arg-type]
    assert "(mlp.py, line " in said(raised.value).splitlines()[0]


def test_what_a_file_prints_when_imported_goes_to_stderr(capsys, wrong):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("imported\n")
