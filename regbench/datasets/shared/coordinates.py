"""Coordinate prediction: the position of a point in space, from sums of its coordinates among those of other points.

The task of PH-Reg (Zhang, Kawaguchi, Yao, ICML 2024, https://arxiv.org/abs/2404.13904). A row holds 25 points of one
shape in three dimensions, each as four sums: x + y + z, x + y - z, x - y + z and -x + y + z. The target is the first
point; the other 24, drawn independently of it, are 96 distractors. There is no noise: the target is a linear function
of the first four columns, and as all points have only three dimensions, 100 rows determine it exactly.

Everything is computed with + - * / and roots, which IEEE 754 rounds correctly, so every machine gets the same bits; the
digests of the datasets, which count every digit, would show a difference.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from regbench.random import Stream

Float64 = NDArray[np.float64]
Points = tuple[Float64, Float64, Float64]  # x, y, z, each (N,)

ROWS = 3000
POINTS = 25  # in each row: the one to predict and 24 others
TARGETS = ("x", "y", "z")
COLUMNS = tuple(f"point_{point}_sum_{number}" for point in range(1, POINTS + 1) for number in range(1, 5))
TERMS = 10  # of a power series: at π/4 the next one is below 1e-19


def columns(name: str, draw: int, sample: "Callable[[Stream], Points]") -> dict[str, Float64]:
    """The inputs and the targets (N,) by name, from independent samples of N points of a shape.

    Args:
        name: of the shape, and with `draw` the key of its random numbers.
        draw: another one gives other samples of the same shape.
        sample: a stream -> N random points.
    """
    from regbench.random import Stream  # imports torch, which a listing does not need

    stream = Stream.named(draw, name)
    points = [sample(stream.child("point", number)) for number in range(1, POINTS + 1)]
    inputs = [values for x, y, z in points for values in (x + y + z, x + y - z, x - y + z, -x + y + z)]
    return dict(zip((*COLUMNS, *TARGETS), (*inputs, *points[0]), strict=True))


def cos_and_sin(turns: Float64) -> tuple[Float64, Float64]:
    """The cosine and the sine of 2π times `turns` (N,), to a few units of the last digit.

    Those of C libraries differ in the last digit from machine to machine; power series on [-π/4, π/4] do not.
    """
    quarters = np.rint(4 * turns)
    angle = (4 * turns - quarters) * (np.pi / 2)
    cosine, sine = _series(angle, 0), angle * _series(angle, 1)
    quarter = quarters.astype(np.int64) % 4
    return (
        np.choose(quarter, [cosine, -sine, -cosine, sine]),
        np.choose(quarter, [sine, cosine, -sine, -cosine]),
    )


def _series(angle: Float64, first: int) -> Float64:
    """1 / f! - a² / (f + 2)! + a⁴ / (f + 4)! - ..., by Horner's rule."""
    negative_square = -angle * angle
    total = np.zeros_like(angle)
    for term in reversed(range(TERMS)):
        total = total * negative_square + 1 / math.factorial(first + 2 * term)
    return total
