# Copyright (c) mmacnn authors. All rights reserved.
"""Transforms that mmcv, mmpretrain and mmdet lack, or are too slow in."""

from .affine import RandomAffine
from .load_mask import LoadDefectMask
from .photometric import RandomBlur, RandomNoise, RandomPhotometric

__all__ = [
    'LoadDefectMask',
    'RandomAffine',
    'RandomBlur',
    'RandomNoise',
    'RandomPhotometric',
]
