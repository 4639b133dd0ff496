"""Comparisons of numbers that name the worst entry, and gradients against finite differences."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

STEP = 1e-6  # of a finite difference, as `torch.autograd.gradcheck` has it
ABSOLUTE, RELATIVE = 1e-4, 1e-3  # what a gradient may differ by


def differ(one: Tensor, other: Tensor, *, rtol: float, atol: float) -> str:
    """Where two tensors differ most, as text; empty if they differ nowhere by more than the tolerance."""
    if one.shape != other.shape:
        return f"shape {tuple(one.shape)} and {tuple(other.shape)}"
    one, other = one.detach().double(), other.detach().double()
    wrong = ~torch.isclose(one, other, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return ""
    apart = torch.where(wrong, (one - other).abs().nan_to_num(torch.inf), -1.0)
    place = int(apart.flatten().argmax())
    at = np.unravel_index(place, tuple(one.shape)) if one.ndim else ()  # torch's imports sympy
    where = f" at [{', '.join(map(str, at))}]" if at else ""
    return f"{one.flatten()[place].item():.6g} and {other.flatten()[place].item():.6g}{where}"


def gradients(total: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The gradients of a scalar; zeros for an input that it does not depend on."""
    if not total.requires_grad:
        return [torch.zeros_like(each) for each in inputs]
    found = torch.autograd.grad(total, inputs, allow_unused=True)
    return [torch.zeros_like(each) if g is None else g.detach() for each, g in zip(inputs, found, strict=True)]


def against_differences(
    function: Callable[..., Tensor], inputs: Mapping[str, Tensor], *, atol: float = ABSOLUTE
) -> str:
    """The worst entry of the gradient of a scalar that is not its central difference, as text; empty if all agree."""
    leaves = {name: each.detach().contiguous().clone().requires_grad_() for name, each in inputs.items()}
    found = gradients(function(*leaves.values()), list(leaves.values()))
    worst, said = 0.0, ""
    for (name, leaf), gradient in zip(leaves.items(), found, strict=True):
        expected = _differences(function, list(leaves.values()), leaf)
        apart = (gradient - expected).abs() - RELATIVE * expected.abs() - atol
        if apart.numel() and not float(apart.max()) <= worst:  # NaN too
            worst = float(apart.max())
            said = f"of {name}, {differ(gradient, expected, rtol=RELATIVE, atol=atol)}"
    return said


def _differences(function: Callable[..., Tensor], leaves: list[Tensor], leaf: Tensor) -> Tensor:
    """The central differences of a scalar function along each entry of one of its inputs."""
    flat, found = leaf.detach().view(-1), torch.zeros_like(leaf).view(-1)
    with torch.no_grad():
        for place in range(len(flat)):
            before = flat[place].item()
            sides = []
            for step in (STEP, -STEP):
                flat[place] = before + step
                sides.append(float(function(*leaves)))
            flat[place] = before
            found[place] = (sides[0] - sides[1]) / (2 * STEP)
    return found.view_as(leaf)


def dtype_of(tensor: Tensor) -> str:
    """The name of a tensor's dtype."""
    return str(tensor.dtype).removeprefix("torch.")


def not_finite(tensor: Tensor) -> str:
    """The first number of a tensor that is not finite."""
    return f"{tensor.detach().flatten()[~tensor.detach().flatten().isfinite()][0].item()}"
