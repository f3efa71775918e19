# Copyright (c) mmacnn authors. All rights reserved.
"""Transforms that mmcv, mmpretrain and mmdet lack, or are too slow in."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'affine': ['RandomAffine'],
        'draw_defect': ['DrawDefect'],
        'load_image': ['LoadAnyDepthImage'],
        'load_mask': ['LoadDefectMask'],
        'paste_defect': ['PasteDefect'],
        'photometric': [
            'RandomBlur',
            'RandomJPEG',
            'RandomNoise',
            'RandomPhotometric',
        ],
        'region_geometry': ['CropToRegion', 'RandomRegionCrop', 'RegionResize'],
        'resize_corners': ['ResizeWithCorners'],
        'region_mask': [
            'AddMaskChannel',
            'BlackOutBackground',
            'LoadRegionMask',
            'StandInRegion',
        ],
    },
)
