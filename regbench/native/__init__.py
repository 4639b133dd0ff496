"""Compiled equals of a few functions: one pass over memory where torch makes one for each operation.

A compiled function is used only if it gives the bits of the function in Python, which is checked when it is loaded. So
results do not depend on whether there is a compiler, and no part of this package belongs to a result's code digest:
the functions in Python do.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import ParamSpec

import torch

from regbench import settings
from regbench.data.places import cache_folder
from regbench.native.build import NoLibraryError, load
from regbench.native.calls import calls, differ

P = ParamSpec("P")


def fused(plain: Callable[P, None], dtype: torch.dtype) -> Callable[P, None]:
    """The compiled function of the same name, for contiguous tensors on a CPU; or `plain` where there is none."""
    return plain if dtype != torch.float32 or why_not(plain) else _compiled()[plain.__name__]


def why_not(plain: Callable[..., None]) -> str:
    """Why a function is not replaced by its compiled equal; empty if it is."""
    if not settings.native():
        return f"{settings.NATIVE} is 0"
    try:
        return _unequal(plain)
    except NoLibraryError as error:
        return str(error)


@cache
def _unequal(plain: Callable[..., None]) -> str:
    if differ(plain.__name__, _compiled()[plain.__name__], plain):
        return f"the compiled {plain.__name__} gives other numbers on this machine"
    return ""


def _compiled() -> Mapping[str, Callable[..., None]]:
    """The compiled functions by name; it is tried once in a process, and so is a failure."""
    found = _loaded()
    if isinstance(found, NoLibraryError):
        raise found
    return found


@cache
def _loaded() -> Mapping[str, Callable[..., None]] | NoLibraryError:
    try:
        return calls(load(cache_folder() / "native"))
    except NoLibraryError as error:
        return error
