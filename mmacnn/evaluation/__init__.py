# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly import AnomalyMetric
from .defect_map import DefectMapMetric
from .region_accuracy import RegionAccuracy
from .roi_localization import RoILocalizationMetric

__all__ = [
    'AnomalyMetric',
    'DefectMapMetric',
    'RegionAccuracy',
    'RoILocalizationMetric',
]
