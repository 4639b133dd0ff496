"""Keep freed memory in the process: by default, the C library returns every large tensor to the operating system.

On a CPU the activations of a step are a few megabytes each. glibc maps and unmaps such blocks at every allocation, and
the page faults cost a quarter of the training time.
"""

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024  # glibc refuses more
NEVER = 2**30


@cache
def keep_freed_memory() -> bool:
    """Set glibc's thresholds; returns whether that worked. Other C libraries are left unchanged."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)) and bool(mallopt(M_TRIM_THRESHOLD, NEVER))
