"""A job's method with its parts: the wrappers are applied to it, the regularizers stay beside it.

Where the backbone holds several networks, what is wrapped is then the method of each of them.
"""

from typing import NamedTuple

from regbench import catalog
from regbench.job import Job
from regbench.training.heads import Added
from regbench.training.members import of_members
from regbench.types import Backbone, Method


class Composed(NamedTuple):
    """What a head computes with."""

    method: Method
    regularizers: tuple[Added, ...]


def composed(job: Job) -> Composed:
    """The method of a job, wrapped, and its regularizers with their settings."""
    method: Method = catalog.load("methods", job.method)
    regularizers = []
    for part in job.parts:
        if catalog.kind_of_part(part.name) == "wrappers":
            method = catalog.load("wrappers", part.name).wrap(method, dict(part.static))
        else:
            regularizers.append(Added(part.name, catalog.load("regularizers", part.name), dict(part.static)))
    backbone: Backbone = catalog.load("backbones", job.backbone)
    if backbone.members:
        method = of_members(method, backbone.members(dict(job.options)))
    return Composed(method, tuple(regularizers))
