"""Files of users, whole and broken."""

METHOD = '''"""A loss of a test."""

import numpy as np
import torch

from regbench.types import Method, Params

{before}

def loss(params, batch, hparams):
    {loss}


METHOD = Method(
    outputs=lambda k, m: {outputs},
    init=lambda *_: Params(),
    loss=loss,
    predict=lambda params, outputs: {predict},
    uses_k={uses_k},
    reference="Nobody (2026)",
)
'''
ERROR = "(batch.prediction - batch.y).square().sum(-1)"
REGULARIZER = '''"""A term of a test."""

import torch

from regbench.types import HParam, Regularizer


def loss(params, batch, hparams, static):
    {loss}


REGULARIZER = Regularizer(
    loss=loss, hparams={{"weight": HParam(0.1, low=0.01, high=1.0, least=0)}}, reference="Nobody (2026)"
)
'''


def method(
    loss: str = f"return {ERROR}",
    *,
    before: str = "",
    outputs: str = "m",
    predict: str = "outputs",
    uses_k: bool = False,
) -> str:
    """The text of a method's file."""
    return METHOD.format(loss=loss, before=before, outputs=outputs, predict=predict, uses_k=uses_k)


def regularizer(loss: str = 'return hparams["weight"] * batch.z.square().mean()') -> str:
    """The text of a regularizer's file."""
    return REGULARIZER.format(loss=loss)
