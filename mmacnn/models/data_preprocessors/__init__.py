# Copyright (c) mmacnn authors. All rights reserved.
from .roi_mask_data_preprocessor import RoIMaskDataPreprocessor

__all__ = ['RoIMaskDataPreprocessor']
