"""Circles of radius 1 in space: each sample of points has a random plane of its own."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from regbench.data import Generated, Layout
from regbench.datasets.shared.coordinates import ROWS, Float64, Points, columns, cos_and_sin

if TYPE_CHECKING:
    from regbench.random import Stream

ANGLES = 1000  # evenly spaced from 0 to 2π, both included
CANDIDATES = 64  # points in a cube, about half of which are in the ball; three are needed


def sources(draw: int) -> tuple[Generated, ...]:
    """Where the table of a draw comes from: the formula."""
    return (Generated(partial(make, draw), Layout(exact=True)),)


def make(draw: int) -> dict[str, Float64]:
    """The columns (N,) of a draw of the data, from 1."""
    return columns("coordinates_circle", draw, circle)


def circle(stream: "Stream") -> Points:
    """Points (cos, sin, 0) Q at random angles, drawn with replacement; Q is random, uniform but for signs."""
    number = stream.child("angle").integers(ANGLES, ROWS).numpy()
    cosine, sine = cos_and_sin(number / (ANGLES - 1))
    q = orthonormal(in_ball(2 * stream.child("plane").uniform(CANDIDATES, 3).numpy() - 1)[:3])
    x, y, z = (cosine * q[0, axis] + sine * q[1, axis] for axis in range(3))
    return x, y, z


def in_ball(points: Float64) -> Float64:
    """The points (N, 3) within the unit ball; those of points uniform in a cube have uniform directions."""
    x, y, z = points.T
    return points[x * x + y * y + z * z < 1]


def orthonormal(matrix: Float64) -> Float64:
    """The columns of a matrix (3, 3), made orthonormal one after the other (Gram and Schmidt)."""
    q = np.array(matrix)
    for column in range(3):
        for before in range(column):
            q[:, column] -= _dot(q[:, before], q[:, column]) * q[:, before]
        q[:, column] /= np.sqrt(_dot(q[:, column], q[:, column]))
    return q


def _dot(a: Float64, b: Float64) -> np.float64:
    """The scalar product, added up in a fixed order."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
