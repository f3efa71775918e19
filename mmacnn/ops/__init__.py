# Copyright (c) mmacnn authors. All rights reserved.
from .cam import Regions, class_activation_map, connected_regions, upsample_map
from .roi_sampling import roi_box, sample_roi, sample_roi_separable
from .soft_argmax import gaussian_heatmap, soft_argmax
from .spatial_attention import spatial_attention

__all__ = [
    'Regions',
    'class_activation_map',
    'connected_regions',
    'gaussian_heatmap',
    'roi_box',
    'sample_roi',
    'sample_roi_separable',
    'soft_argmax',
    'spatial_attention',
    'upsample_map',
]
