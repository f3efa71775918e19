# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'calibration': ['ScoreCalibration'],
        'differnet': ['DifferNet'],
        'feature_extractor': ['MultiScaleFeatures'],
        'flow': ['NormalizingFlow'],
        'localization': ['GradCAMMap', 'GradientMap'],
        'views': ['RotatedViews'],
    },
)
