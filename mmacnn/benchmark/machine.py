# Copyright (c) mmacnn authors. All rights reserved.
import platform
import sys
from pathlib import Path


def processor_name() -> str:
    """The processor's name; Linux does not tell it to Python."""
    table = Path('/proc/cpuinfo')
    lines = table.read_text(encoding='utf-8').splitlines() if table.is_file() else []
    names = (line.partition(':')[2].strip() for line in lines if 'model name' in line)
    return next(names, platform.processor() or platform.machine())


def peak_memory_mb() -> float:
    """Most memory that this process has had, in MB."""
    import resource  # which Windows lacks

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == 'darwin' else 2**10)
