# Copyright (c) mmacnn authors. All rights reserved.
"""How the C library hands out memory on the CPU."""

import ctypes
import sys

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**30


def keep_freed_memory() -> bool:
    """Let glibc keep the memory of freed tensors for the next step.

    By default it returns every block above some MB to the system, which clears it page
    by page when it is asked for again: up to two fifths of the CPU time of a training
    step. The most that a process ever holds grows by a sixth. No effect without glibc.

    Returns:
        Whether it is in force.
    """
    if not sys.platform.startswith('linux'):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl
        return False
    return bool(
        mallopt(M_MMAP_THRESHOLD, LARGEST) and mallopt(M_TRIM_THRESHOLD, LARGEST)
    )
