"""Euclidean norms and distances with a finite gradient everywhere: it is zero where the norm is zero."""

import torch
from torch import Tensor

ROUNDING = 8  # units in the last place of 1, below which the squared distance of two unit vectors counts as 0


def norms(x: Tensor) -> Tensor:
    """The norm of each row: (..., B, H) -> (..., B). Its gradient is 0, not NaN, where it is 0."""
    return _root(x.square().sum(-1), 0)


def units(x: Tensor) -> Tensor:
    """Each row divided by its norm; a row of zeros stays as it is: (..., B, H)."""
    norm = norms(x)[..., None]
    return x / torch.where(norm > 0, norm, 1)


def chords(unit: Tensor) -> Tensor:
    """The distances between unit vectors, by their scalar products: (..., B, H) -> (..., B, B).

    A matrix product takes a thirtieth of the time of differences. Vectors that are equal up to its rounding have
    distance 0, and no gradient.
    """
    square = unit.square().sum(-1)
    square = square[..., :, None] + square[..., None, :] - 2 * (unit @ unit.mT)
    return _root(square, ROUNDING * torch.finfo(square.dtype).eps)


def differences(x: Tensor) -> Tensor:
    """The distances between rows with few columns, such as targets: (..., B, M) -> (..., B, B).

    Rows are subtracted before they are squared, so that equal rows have distance 0, and equal distances stay equal.
    """
    return (x[..., :, None, :] - x[..., None, :, :]).square().sum(-1).sqrt()


def _root(square: Tensor, zero: float) -> Tensor:
    """The root, and 0 without gradient up to `zero`."""
    apart = square > zero
    return torch.where(apart, torch.where(apart, square, 1).sqrt(), 0)
