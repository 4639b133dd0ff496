"""What training changes in a process, put back afterwards: in an estimator the process is the user's."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

DENORMAL = 1e-310  # a double below the least normal one


@contextmanager
def put_back() -> Iterator[None]:
    """One thread, as in regbench's workers, and denormal numbers flushed to zero, only inside.

    With more threads than free cores an epoch takes many times longer, and sums are rounded differently.
    """
    threads, flushed = torch.get_num_threads(), _flushes_denormals()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


def _flushes_denormals() -> bool:
    return bool(torch.tensor([DENORMAL], dtype=torch.float64) * 1.0 == 0)
