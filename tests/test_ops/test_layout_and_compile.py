# Copyright (c) mmacnn authors. All rights reserved.
"""Every function of tensors takes any layout, and compiles."""

import pytest
import torch

from mmacnn import ops

SQUARE = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
CENTRE = torch.tensor([[0.3, 0.6], [0.7, 0.4]])
TURN = torch.tensor([[0.6, 0.8], [-0.8, 0.6]])
SCALE = torch.tensor([1.0, 1.5])
CALLS = {
    'class_activation_map': lambda x: ops.class_activation_map(x, x[0, :, 0, :3]),
    'upsample_map': lambda x: ops.upsample_map(x, (32, 32), 2, 0.5),
    'sample_roi': lambda x: ops.sample_roi(x, CENTRE, (8, 6), (4, 4)),
    'sample_roi_separable': lambda x: ops.sample_roi_separable(
        x, CENTRE, (8, 6), (4, 4)
    ),
    'sample_rois_separable': lambda x: ops.sample_rois_separable(
        x, CENTRE[:, None], (8, 6), (4, 4)
    ),
    'gaussian_peaks': lambda x: ops.gaussian_peaks(x[:, 0, 0, :2], (1.0, 2.0), (8, 6)),
    'sample_oriented_roi': lambda x: ops.sample_oriented_roi(
        x, CENTRE, TURN, SCALE, (8, 6), (4, 4)
    ),
    'sample_oriented_roi_gather': lambda x: ops.sample_oriented_roi_gather(
        x, CENTRE, TURN, SCALE, (8, 6), (4, 4)
    ),
    'dilated_depthwise': lambda x: ops.dilated_depthwise(
        x, SQUARE[0, :, None, :3, :3], None, 2
    ),
    'oriented_corners': lambda x: ops.oriented_corners(
        x[:, 0, 0, :2], TURN, SCALE, (8, 6)
    ),
    'turn': lambda x: ops.turn(x[:, 0, 0, :2], TURN),
    'add_angles': lambda x: ops.add_angles(x[:, 0, 0, :2], TURN),
    'as_direction': lambda x: ops.as_direction(x[:, 0, 0]),
    'half_angle': lambda x: ops.half_angle(x[:, 0, 0, :2] + 0.5, TURN),
    'around_peak': lambda x: ops.around_peak(x[:, 0], 2),
    'roi_box': lambda x: ops.roi_box(x[:, 0, 0, :2], (8, 6), (16, 16)),
    'rotate': lambda x: ops.rotate(x, torch.tensor([30.0, -10.0])),
    'quarter_turn': lambda x: ops.quarter_turn(x, 3),
    'rotations': lambda x: ops.rotations(x, (0, 30, 90)),
    'soft_argmax': lambda x: ops.soft_argmax(x[:, 0], 2)[0],
    'gaussian_heatmap': lambda x: ops.gaussian_heatmap(
        x[:, 0, 0, :2], (1.0, 2.0), (8, 6)
    ),
    'spatial_attention': lambda x: ops.spatial_attention(
        x, x[0, 0, :2, :4], x[0, :2, :4, :3], x[1, :2, :4, :3], 2
    ),
    'unit_length': lambda x: ops.unit_length(x),
    'local_mean': lambda x: ops.local_mean(x, 3),
    'resize_maps': lambda x: ops.resize_maps(x[:, 0], (32, 24)),
    'pool_map': lambda x: ops.pool_map(x, 'log-sum-exp', 4.0),
    'smooth_maps': lambda x: ops.smooth_maps(x[:, 0], 1.0),
    'nearest_distance': lambda x: ops.nearest_distance(x[0, 0], x[1, 0]),
    'greedy_coreset': lambda x: ops.greedy_coreset(x[0, 0], 4),
    'fraction_below': lambda x: ops.fraction_below(
        x[:, 0, 0, 0], x[0, 0, 0].sort().values
    ),
    'fpr_threshold': lambda x: torch.tensor(ops.fpr_threshold(x.flatten(), 0.1).value),
    'best_f1_threshold': lambda x: torch.tensor(
        ops.best_f1_threshold(x[0, 0, 0], torch.arange(16) % 2)
    ),
}
NO_TENSORS = {  # of numpy, or of numbers
    *('Regions', 'connected_regions', 'FprThreshold', 'check_rates'),
    *('RegionRule', 'mark_regions', 'measure_regions', 'region_sides'),
    *('exponential_tail', 'images_needed', 'promised_fpr', 'threshold_rank'),
}
# They return Python numbers, and scikit-learn chooses one of them.
NOT_COMPILED = {'fpr_threshold', 'best_f1_threshold', 'greedy_coreset'}


def test_all_are_here():
    assert CALLS.keys() | NO_TENSORS == set(ops.__all__)


@pytest.mark.parametrize('name', CALLS)
def test_non_contiguous(name):
    call, wide = CALLS[name], torch.zeros(2, 16, 16, 6)
    wide[..., ::2] = SQUARE.permute(0, 2, 3, 1)
    view = wide[..., ::2].permute(0, 3, 1, 2)
    assert not view.is_contiguous()
    torch.testing.assert_close(call(view), call(SQUARE))


@pytest.mark.parametrize('name', sorted(CALLS.keys() - NOT_COMPILED))
def test_compile(name):
    """The whole function becomes one graph, and its result stays."""
    call = CALLS[name]
    try:
        compiled = torch.compile(call, backend='eager', fullgraph=True)
        found = compiled(SQUARE)
    except RuntimeError as error:
        if 'not supported' in str(error):  # of this Python or system
            pytest.skip(str(error))
        raise
    torch.testing.assert_close(found, call(SQUARE))
