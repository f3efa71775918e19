# Copyright (c) mmacnn authors. All rights reserved.
from .calibration import ScoreCalibration
from .differnet import DifferNet
from .feature_extractor import MultiScaleFeatures
from .flow import NormalizingFlow
from .localization import GradCAMMap, GradientMap
from .views import RotatedViews

__all__ = [
    'DifferNet',
    'GradCAMMap',
    'GradientMap',
    'MultiScaleFeatures',
    'NormalizingFlow',
    'RotatedViews',
    'ScoreCalibration',
]
