"""What happens between two epochs: regularizers that keep statistics of the features look at all training rows."""

import torch

from regbench.errors import UsageError
from regbench.tasks.blocks import EVALUATED_ROWS
from regbench.tasks.task import Task
from regbench.training import trunk
from regbench.training.pack import Model


def after_epoch(model: Model, task: Task, epoch: int) -> None:
    """Update what regularizers keep of the features of the training rows, which are as in evaluation.

    It costs a pass over the training rows of each job that asks for it, and memory for the features (N, H) of one job.
    """
    for part in model.heads:
        if not part.head.follows_epochs:
            continue
        if part.head.pixels:
            raise UsageError("statistics of the features of all training rows are not kept of pixels of maps")
        for job in range(part.head.jobs.start, part.head.jobs.stop):
            weights, buffers = (
                {name: each[job : job + 1] for name, each in group.items()}
                for group in (model.trunk.views, model.buffers)
            )
            z_NH = torch.cat(
                [
                    trunk.evaluate(model.backbone, weights, buffers, block.x[None], model.options)[0]
                    for block in task.blocks("train", EVALUATED_ROWS)
                ]
            )
            part.head.after_epoch(job - part.head.jobs.start, z_NH, task.targets("train"), part.trained_views, epoch)
