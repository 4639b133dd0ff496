"""Backbones that hold several networks: each member has a last layer and a loss of its own, and their mean predicts.

Gorishniy et al. (2024), TabM, section 3: members share most weights but are trained as separate models, so the loss of
a row is the mean over members of the loss of each, never the loss of their mean; only predictions are averaged. Scores
of a predicted distribution are those of the single members, averaged too.

Features of a row are those of the members one after the other, E·H, and so are outputs, E·K.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.func import vmap

from regbench.random import Stream
from regbench.types import Batch, HParams, LastLayer, Method, Params, Score


def of_members(method: Method, members: int) -> Method:
    """The method of E members from that of one."""
    if members == 1:
        return method

    def loss(params: Params, batch: Batch, hparams: HParams) -> Tensor:
        """The mean over members of the method's loss of each row, outputs (B, E·K) -> (B,); or of all rows, ()."""

        def of_one(outputs: Tensor) -> Tensor:
            seen = batch._replace(outputs=outputs, prediction=method.predict(params, outputs))
            return method.loss(params, seen, hparams)

        return _mean(of_one, batch.outputs, members)

    def predict(params: Params, outputs: Tensor) -> Tensor:
        """The mean of the members' predictions: (B, E·K) -> (B, M)."""
        return _mean(lambda own: method.predict(params, own), outputs, members)

    def averaged(score: Score) -> Score:
        return lambda params, outputs, y: _mean(lambda own: score(params, own, y), outputs, members)

    return replace(
        method,
        outputs=lambda k, dimensions: members * method.outputs(k, dimensions),
        loss=loss,
        predict=predict,
        scores={name: averaged(score) for name, score in method.scores.items()},
    )


def last_layers(members: int) -> LastLayer:
    """The last layers of E members as one: weight (E, H, K) and bias (E, K), each as a linear layer starts."""

    def init(features: int, outputs: int, stream: Stream) -> dict[str, Tensor]:
        fan_in, own = features // members, outputs // members
        bound = fan_in**-0.5
        return {
            "weight": bound * (2 * stream.child("weight").uniform(members, fan_in, own) - 1),
            "bias": bound * (2 * stream.child("bias").uniform(members, own) - 1),
        }

    def apply(z: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Outputs (..., E·K) of features (..., E·H)."""
        own = z.unflatten(-1, (members, -1)).movedim(-2, 0)  # (E, ..., H)
        return ((own @ weight).movedim(0, -2) + bias).flatten(-2)

    return LastLayer(init, apply, matrix)


def matrix(weight_EHK: Tensor) -> Tensor:
    """The directions of features (E·K, E·H) that the last layers look at: each only at its own member's features."""
    return torch.block_diag(*weight_EHK.mT)


def _mean(function: Callable[[Tensor], Tensor], outputs: Tensor, members: int) -> Tensor:
    """The mean over members of a function of their outputs: (B, E·K) -> what it gives for (B, K)."""
    own = outputs.unflatten(-1, (members, -1)).movedim(-2, 0)
    try:
        found = vmap(function)(own)
    except RuntimeError:  # what vmap refuses is done member by member, or fails there with its own message
        found = torch.stack([function(each) for each in own])
    return found.mean(0)
