# Copyright (c) mmacnn authors. All rights reserved.
"""Data sets, one file a label format, and the transforms of their images."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    ['transforms'],
    {
        'anomaly_folder': ['AnomalyFolderDataset'],
        'checked_coco': ['CheckedCocoDataset'],
        'checked_coco_metric': ['CheckedCocoMetric'],
        'class_balanced_sampler': ['ClassBalancedSampler'],
        'class_folders': ['ClassFolderDataset'],
        'coco_regions': ['CocoRegionDataset'],
        'collate': ['same_size_collate'],
        'labelled_fraction_sampler': ['LabelledFractionSampler'],
        'region_folder': ['RegionFolderDataset'],
        'yolo_roi': ['YOLORoIDataset'],
    },
)
