# Copyright (c) mmacnn authors. All rights reserved.
"""The Inspector, and the inferencers that it drives."""

import lazy_loader

# Only who predicts waits the seconds that mmpretrain and mmdet take to import.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'build': ['build_inferencer'],
        'classification': ['ClassificationInferencer'],
        'detection': ['DetectionInferencer'],
        'inspector': ['Inspector'],
        'regions': ['RegionInferencer', 'box_region'],
        'result': ['Detection', 'InspectionResult'],
    },
)
