# Copyright (c) mmacnn authors. All rights reserved.
"""Data sets, one file a label format, and the transforms of their images."""

from . import transforms
from .checked_coco import CheckedCocoDataset
from .labelled_share_sampler import LabelledShareSampler
from .yolo_roi import YOLORoIDataset

__all__ = [
    'CheckedCocoDataset',
    'LabelledShareSampler',
    'YOLORoIDataset',
    'transforms',
]
