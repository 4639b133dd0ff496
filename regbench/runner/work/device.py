"""Settings of torch that make training on a device deterministic."""

import os
from typing import Any


def torch_device(name: str) -> Any:
    """The torch device of that name; torch is set to one thread and deterministic algorithms."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch
    from torch.utils import deterministic

    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.set_deterministic_debug_mode("error")  # `use_deterministic_algorithms` imports the compiler, two seconds
    # Otherwise every new tensor is written twice. `setattr`, because type checkers do not know this property.
    setattr(deterministic, "fill_uninitialized_memory", False)  # noqa: B010
    if name != "cpu":
        torch.cuda.set_device(name)  # otherwise code that names no device would use the first one
    return torch.device(name)
