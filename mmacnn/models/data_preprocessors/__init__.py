# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'image_data_preprocessor': ['ImageDataPreprocessor'],
        'roi_mask_data_preprocessor': ['RoIMaskDataPreprocessor'],
    },
)
