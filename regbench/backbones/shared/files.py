"""Weights from a file that the user names."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from regbench.errors import UsageError

REMEDY = "safetensors.torch.save_file(state_dict, path) writes one, and reads no code as a pickle does"


def read_weights(path: str, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of these names and shapes from a safetensors file, float64; others in it are not read.

    Raises:
        UsageError: there is no such file, it is of another format, or a tensor is missing or of another shape.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise UsageError(f"weights {path}: there is no such file")
    found = {}
    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            for name, shape in wanted.items():
                if name not in names:
                    raise UsageError(f"weights {path}: no tensor called {name}, and {len(names)} others")
                tensor = file.get_tensor(name).double()
                if tuple(tensor.shape) != shape:
                    raise UsageError(f"weights {path}: {name} is {tuple(tensor.shape)}, not {shape}")
                found[name] = tensor
    except SafetensorError as error:
        raise UsageError(f"weights {path}: no safetensors file ({error}); {REMEDY}") from None
    return found
