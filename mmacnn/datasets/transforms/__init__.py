# Copyright (c) mmacnn authors. All rights reserved.
"""Transforms that mmcv, mmpretrain and mmdet lack, or are too slow in."""

from .affine import RandomAffine
from .load_image import LoadAnyDepthImage
from .load_mask import LoadDefectMask
from .photometric import RandomBlur, RandomNoise, RandomPhotometric
from .region_geometry import CropToRegion, RandomRegionCrop, RegionResize
from .region_mask import (
    AddMaskChannel,
    BlackOutBackground,
    LoadRegionMask,
    StandInRegion,
)

__all__ = [
    'AddMaskChannel',
    'BlackOutBackground',
    'CropToRegion',
    'LoadAnyDepthImage',
    'LoadDefectMask',
    'LoadRegionMask',
    'RandomAffine',
    'RandomBlur',
    'RandomNoise',
    'RandomPhotometric',
    'RandomRegionCrop',
    'RegionResize',
    'StandInRegion',
]
