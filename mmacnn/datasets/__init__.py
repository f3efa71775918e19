# Copyright (c) mmacnn authors. All rights reserved.
"""Data sets, one file a label format, and the transforms of their images."""

from . import transforms
from .anomaly_folder import AnomalyFolderDataset
from .checked_coco import CheckedCocoDataset
from .class_folders import ClassFolderDataset
from .collate import same_size_collate
from .labelled_share_sampler import LabelledShareSampler
from .yolo_roi import YOLORoIDataset

__all__ = [
    'AnomalyFolderDataset',
    'CheckedCocoDataset',
    'ClassFolderDataset',
    'LabelledShareSampler',
    'YOLORoIDataset',
    'same_size_collate',
    'transforms',
]
