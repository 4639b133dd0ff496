"""Keep freed memory: with the C library's defaults every large tensor is given back to the system and faulted in again.

On a CPU the activations of a step are a few megabytes each, which glibc maps and unmaps at every allocation; the page
faults cost a quarter of the training's time.
"""

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024  # glibc refuses more
NEVER = 2**30


@cache
def keep_freed_memory() -> bool:
    """Ask glibc to; gives whether it understood. Other C libraries are left as they are."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)) and bool(mallopt(M_TRIM_THRESHOLD, NEVER))
