# Copyright (c) mmacnn authors. All rights reserved.
"""Transforms that mmcv, mmpretrain and mmdet lack, or are too slow in."""

from .affine import RandomAffine
from .photometric import RandomBlur, RandomNoise, RandomPhotometric

__all__ = ['RandomAffine', 'RandomBlur', 'RandomNoise', 'RandomPhotometric']
