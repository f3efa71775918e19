# Copyright (c) mmacnn authors. All rights reserved.
"""Transforms that mmcv, mmpretrain and mmdet lack, or are too slow in."""

from .affine import RandomAffine
from .load_image import LoadAnyDepthImage
from .load_mask import LoadDefectMask
from .photometric import RandomBlur, RandomNoise, RandomPhotometric

__all__ = [
    'LoadAnyDepthImage',
    'LoadDefectMask',
    'RandomAffine',
    'RandomBlur',
    'RandomNoise',
    'RandomPhotometric',
]
