"""Pixels of maps as rows: a mean over those that have a target, some of them at random, and maps at a larger size."""

import torch
from torch import Tensor
from torch.nn import functional

from regbench.regularizers.shared.points import take
from regbench.types import Batch

LAST = torch.iinfo(torch.int64).max  # sorts behind every random word


def mean_over(values_R: Tensor, mask_R: Tensor) -> Tensor:
    """The mean (), over the rows of a mask; 0 if it has none."""
    return torch.where(mask_R, values_R, 0).sum() / mask_R.sum().clamp(min=1)


def drawn(seen: Batch, mask_R: Tensor, count: int) -> Batch:
    """The batch with `count` random rows of the mask, each once, or over and over if there are fewer.

    The draw is the same for all regularizers of a job. Its shape does not depend on the mask, so that it can be batched
    over jobs.
    """
    count = min(count, len(mask_R))
    words_R = seen.stream.child("pixels").bits(len(mask_R)).masked_fill(~mask_R, LAST)
    first = words_R.topk(count, largest=False).indices
    chosen = first.gather(0, torch.arange(count, device=first.device) % mask_R.sum().clamp(min=1))
    some = {name: take(getattr(seen, name), chosen) for name in ("y", "outputs", "prediction", "z")}
    return seen._replace(**some, rows=seen.rows.gather(0, chosen))


def enlarged(maps_JBhwK: Tensor, mask: Tensor) -> Tensor:
    """Maps at the pixels of a mask (B, height, width), as rows in the order of the mask: (J, R, K).

    They are enlarged linearly in both directions, with the corners in the corners.
    """
    found = []
    for maps in maps_JBhwK:
        whole = functional.interpolate(
            maps.movedim(-1, 1), size=tuple(mask.shape[1:]), mode="bilinear", align_corners=True
        )
        found.append(whole.movedim(1, -1)[mask])
    return torch.stack(found)
