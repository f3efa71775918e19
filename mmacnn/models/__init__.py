# Copyright (c) mmacnn authors. All rights reserved.
from . import (
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
    'attention',
    'backbones',
    'classifiers',
    'data_preprocessors',
    'heads',
    'localizers',
    'losses',
    'necks',
]
