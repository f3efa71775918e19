# Copyright (c) mmacnn authors. All rights reserved.
from importlib import import_module

from .arguments import (
    add_cfg_options,
    add_runner_arguments,
    image_size,
    numbers,
    probability,
    whole_number,
)
from .testing import test
from .training import train
from .user_errors import run_tool

__all__ = [
    'DetectionInferencer',
    'InspectionResult',
    'Inspector',
    'RegionInferencer',
    'RoIInferencer',
    'add_cfg_options',
    'add_runner_arguments',
    'box_region',
    'choose_anomaly_threshold',
    'choose_map_threshold',
    'describe_results',
    'format_categories',
    'get_model',
    'image_size',
    'init_inferencer',
    'numbers',
    'probability',
    'propose_boxes',
    'report',
    'run_categories',
    'run_tool',
    'test',
    'train',
    'whole_number',
]

# Only who predicts waits the seconds that mmpretrain and mmdet take to import.
_LAZY = {
    'DetectionInferencer': 'detection_inferencer',
    'InspectionResult': 'inspection_result',
    'Inspector': 'inspector',
    'RegionInferencer': 'region_inferencer',
    'RoIInferencer': 'roi_inferencer',
    'box_region': 'region_inferencer',
    'choose_anomaly_threshold': 'anomaly_threshold',
    'choose_map_threshold': 'map_threshold',
    'describe_results': 'inference',
    'format_categories': 'categories',
    'get_model': 'model_zoo',
    'init_inferencer': 'inference',
    'propose_boxes': 'box_proposals',
    'report': 'run_report',
    'run_categories': 'categories',
}


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f'.{_LAZY[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
