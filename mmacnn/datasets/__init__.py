# Copyright (c) mmacnn authors. All rights reserved.
"""Data sets, one file a label format, and the transforms of their images."""

from . import transforms
from .anomaly_folder import AnomalyFolderDataset
from .checked_coco import CheckedCocoDataset
from .class_balanced_sampler import ClassBalancedSampler
from .class_folders import ClassFolderDataset
from .coco_regions import CocoRegionDataset
from .collate import same_size_collate
from .labelled_share_sampler import LabelledShareSampler
from .region_folder import RegionFolderDataset
from .yolo_roi import YOLORoIDataset

__all__ = [
    'AnomalyFolderDataset',
    'CheckedCocoDataset',
    'ClassBalancedSampler',
    'ClassFolderDataset',
    'CocoRegionDataset',
    'LabelledShareSampler',
    'RegionFolderDataset',
    'YOLORoIDataset',
    'same_size_collate',
    'transforms',
]
