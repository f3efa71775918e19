# Copyright (c) mmacnn authors. All rights reserved.
"""The command line: arguments that tools share, and ``python -m mmacnn``."""

from .arguments import (
    add_cfg_options,
    add_runner_arguments,
    image_size,
    int_at_least,
    numbers,
    probability,
)

__all__ = [
    'add_cfg_options',
    'add_runner_arguments',
    'image_size',
    'numbers',
    'probability',
    'int_at_least',
]
