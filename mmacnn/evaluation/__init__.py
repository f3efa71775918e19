# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'anomaly': ['AnomalyMetric'],
        'checked_coco': ['CheckedCocoMetric'],
        'defect_map': ['DefectMapMetric'],
        'region_accuracy': ['RegionAccuracy'],
        'roi_localization': ['RoILocalizationMetric'],
    },
)
