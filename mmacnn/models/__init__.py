# Copyright (c) mmacnn authors. All rights reserved.
from . import attention, backbones, classifiers, heads, localizers, losses, necks

__all__ = [
    'attention',
    'backbones',
    'classifiers',
    'heads',
    'localizers',
    'losses',
    'necks',
]
