# Copyright (c) mmacnn authors. All rights reserved.
from .defect_map import DefectMapMetric
from .roi_localization import RoILocalizationMetric

__all__ = ['DefectMapMetric', 'RoILocalizationMetric']
