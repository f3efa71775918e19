# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'calibration': ['ScoreCalibration'],
        'core': ['AnomalyCore'],
        'detector': ['AnomalyDetector'],
        'differnet': ['DifferNet'],
        'feature_extractor': ['MultiScaleFeatures'],
        'feature_maps': ['FeatureMaps'],
        'flow': ['NormalizingFlow'],
        'likelihood': ['PooledLikelihood', 'SpatialLikelihood'],
        'localization': ['GradCAMMap', 'GradientMap'],
        'memory_bank': ['CoresetBank', 'GaussianBank'],
        'patch_distance': ['PatchDistance'],
        'patchcore': ['PatchCore'],
        'spatial_flow': ['SpatialFlow'],
        'views': ['RotatedViews'],
    },
)
