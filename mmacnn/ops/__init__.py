# Copyright (c) mmacnn authors. All rights reserved.
from .roi_sampling import roi_box, sample_roi, sample_roi_separable
from .soft_argmax import gaussian_heatmap, soft_argmax
from .spatial_attention import spatial_attention

__all__ = [
    'gaussian_heatmap',
    'roi_box',
    'sample_roi',
    'sample_roi_separable',
    'soft_argmax',
    'spatial_attention',
]
