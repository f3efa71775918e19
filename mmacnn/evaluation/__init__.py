# Copyright (c) mmacnn authors. All rights reserved.
from .roi_localization import RoILocalizationMetric

__all__ = ['RoILocalizationMetric']
