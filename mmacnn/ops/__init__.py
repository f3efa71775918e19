# Copyright (c) mmacnn authors. All rights reserved.
from .anomaly import (
    FprThreshold,
    best_f1_threshold,
    check_rates,
    exponential_tail,
    fpr_threshold,
    fraction_below,
    images_needed,
    promised_fpr,
    threshold_rank,
)
from .cam import class_activation_map, pool_map, upsample_map
from .dilated_depthwise import dilated_depthwise
from .oriented_roi import (
    add_angles,
    as_direction,
    half_angle,
    oriented_corners,
    sample_oriented_roi,
    sample_oriented_roi_gather,
    turn,
)
from .patches import (
    greedy_coreset,
    local_mean,
    nearest_distance,
    resize_maps,
    smooth_maps,
    unit_length,
)
from .regions import (
    RegionRule,
    Regions,
    connected_regions,
    mark_regions,
    measure_regions,
    region_sides,
)
from .roi_sampling import (
    roi_box,
    sample_roi,
    sample_roi_separable,
    sample_rois_separable,
)
from .rotation import quarter_turn, rotate, rotations
from .soft_argmax import around_peak, gaussian_heatmap, gaussian_peaks, soft_argmax
from .spatial_attention import spatial_attention

__all__ = [
    'FprThreshold',
    'RegionRule',
    'Regions',
    'add_angles',
    'around_peak',
    'as_direction',
    'best_f1_threshold',
    'check_rates',
    'dilated_depthwise',
    'exponential_tail',
    'half_angle',
    'images_needed',
    'oriented_corners',
    'promised_fpr',
    'threshold_rank',
    'turn',
    'class_activation_map',
    'connected_regions',
    'fpr_threshold',
    'fraction_below',
    'gaussian_heatmap',
    'gaussian_peaks',
    'greedy_coreset',
    'local_mean',
    'mark_regions',
    'measure_regions',
    'nearest_distance',
    'pool_map',
    'quarter_turn',
    'region_sides',
    'resize_maps',
    'roi_box',
    'rotate',
    'rotations',
    'sample_oriented_roi',
    'sample_oriented_roi_gather',
    'sample_roi',
    'sample_roi_separable',
    'sample_rois_separable',
    'smooth_maps',
    'soft_argmax',
    'spatial_attention',
    'unit_length',
    'upsample_map',
]
