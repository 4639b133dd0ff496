"""A device made ready: the settings that make its numbers the same every time."""

import os
from typing import Any


def torch_device(name: str) -> Any:
    """The torch device of that name, in one thread and deterministic."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch
    from torch.utils import deterministic

    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)
    # Else every new tensor is written twice; `setattr`, for it is a property that no type checker knows.
    setattr(deterministic, "fill_uninitialized_memory", False)  # noqa: B010
    if name != "cpu":
        torch.cuda.set_device(name)  # else code that names no device would allocate on the first one
    return torch.device(name)
