# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
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
