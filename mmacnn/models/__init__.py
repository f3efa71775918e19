# Copyright (c) mmacnn authors. All rights reserved.
from . import (
    anomaly,
    attention,
    backbones,
    classifiers,
    data_preprocessors,
    heads,
    localizers,
    losses,
    necks,
)

__all__ = [
    'anomaly',
    'attention',
    'backbones',
    'classifiers',
    'data_preprocessors',
    'heads',
    'localizers',
    'losses',
    'necks',
]
