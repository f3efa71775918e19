# Copyright (c) mmacnn authors. All rights reserved.
from .arguments import (
    add_cfg_options,
    add_runner_arguments,
    image_size,
    probability,
    whole_number,
)
from .testing import test
from .training import train
from .user_errors import run_tool

__all__ = [
    'RoIInferencer',
    'add_cfg_options',
    'add_runner_arguments',
    'image_size',
    'probability',
    'propose_boxes',
    'run_tool',
    'test',
    'train',
    'whole_number',
]


def __getattr__(name: str):
    # Only who predicts waits the seconds that mmpretrain takes to import.
    if name == 'RoIInferencer':
        from .inferencer import RoIInferencer

        return RoIInferencer
    if name == 'propose_boxes':
        from .box_proposals import propose_boxes

        return propose_boxes
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
