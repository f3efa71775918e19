# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    [
        'anomaly',
        'attention',
        'backbones',
        'classifiers',
        'data_preprocessors',
        'detectors',
        'heads',
        'localizers',
        'losses',
        'necks',
    ],
)
