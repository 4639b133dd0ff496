"""Random rows of a batch, drawn without shapes that depend on the data."""

from torch import Tensor
from torch.nn.functional import embedding

from regbench.errors import UsageError
from regbench.random import Stream


def sample(stream: Stream, points: int, *tensors: Tensor) -> tuple[Tensor, ...]:
    """The same `points` random rows of each tensor (B, ...), without replacement; all rows, in order, if B <= points.

    Raises:
        UsageError: fewer than one row is asked for.
    """
    if points < 1:
        raise UsageError(f"points={points}: at least one row is needed")
    rows = len(tensors[0])
    if rows <= points:
        return tensors
    chosen = stream.bits(rows).argsort()[:points]  # `Stream.permutation` sorts in NumPy, which vmap cannot batch
    return tuple(take(tensor, chosen) for tensor in tensors)


def take(x_BH: Tensor, index: Tensor) -> Tensor:
    """Rows by their numbers: (B, H) -> (..., H).

    This is `x[index]`. As an embedding it takes half the time under vmap, and its gradient is the same at each run on
    every device.
    """
    return embedding(index, x_BH)


def equal_rows(y_BM: Tensor) -> Tensor:
    """Whether two rows have exactly the same target, in every dimension: (B, M) -> (B, B)."""
    return (y_BM[:, None] == y_BM[None]).all(-1)
