# Copyright (c) mmacnn authors. All rights reserved.
"""The command line: arguments that tools share, and ``python -m mmacnn``."""

from .arguments import (
    add_cfg_options,
    add_runner_arguments,
    image_size,
    numbers,
    probability,
    whole_number,
)

__all__ = [
    'add_cfg_options',
    'add_runner_arguments',
    'image_size',
    'numbers',
    'probability',
    'whole_number',
]
