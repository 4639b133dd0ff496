"""The kinds of storage by the name that the description of a dataset gives."""

import torch

from regbench.data import Prepared
from regbench.tasks.dense import Dense
from regbench.tasks.images import Images
from regbench.tasks.resident import Resident
from regbench.tasks.task import Task

TASKS = {"resident": Resident, "images": Images, "dense": Dense}


def task_of(data: Prepared, device: torch.device, dtype: torch.dtype) -> Task:
    """A prepared dataset as its description wants its rows handed out."""
    return TASKS[data.task].of(data, device, dtype)
