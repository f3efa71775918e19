# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.visualization import RoIVisualizer
from mmacnn.visualization.map_overlay import (
    colour_bar,
    map_level,
    outline,
    overlay_map,
)
from mmacnn.visualization.roi_visualizer import BOX_COLOUR, ROI_COLOUR

RED = (255, 0, 0)


@pytest.fixture
def image():
    return np.full((60, 80, 3), 120, np.uint8)


def test_scale_is_odd_rises_and_ends():
    logits = np.array([-1e6, -30, -3, -0.1, 0, 0.1, 3, 30, 1e6])
    level = map_level(logits)
    np.testing.assert_allclose(level, -level[::-1])
    assert level[-1] == level[-2] == 1 and level[4] == 0
    assert (np.diff(level[1:-1]) > 0).all()


def test_red_speaks_for_and_blue_against(image):
    logits = np.zeros((60, 80))
    logits[:, :20], logits[:, -20:] = 5, -5
    drawn = overlay_map(image, logits).astype(int)
    left, middle, right = drawn[30, 5], drawn[30, 40], drawn[30, 75]
    assert left[0] > left[2] and right[2] > right[0]
    assert (middle == 120).all()


def test_same_logits_have_the_same_colour_whatever_else_is_there(image):
    logits = np.full((60, 80), 2.0)
    alone = overlay_map(image, logits)[0, 0]
    logits[40:] = 300
    assert (overlay_map(image, logits)[0, 0] == alone).all()


def test_colour_bar_shows_the_scale():
    bar = colour_bar(300, (0, 0, 0), (255, 255, 255)).astype(int)
    assert bar.shape[1] == 300
    first, last = bar[2, 40], bar[2, -40]
    assert first[2] > first[0] and last[0] > last[2]
    assert bar[12:].max() > 200  # the numbers


def test_outline_leaves_the_region_visible(image):
    mask = np.zeros((30, 40))
    mask[10:20, 10:20] = 1  # pixels 20 to 40 of the image
    drawn = outline(image, mask, RED)
    assert (drawn[20:40, 20:40] == 120).all()
    assert (drawn[30, 17:19] == RED).all() and (drawn[30, 41:43] == RED).all()
    assert (drawn[:10] == 120).all()
    assert (image == 120).all()
    assert (outline(image, 0 * mask, RED) == image).all()


def has(picture, colour):
    return (picture == colour).all(-1).any()


def test_visualizer_draws_the_regions(image, tmp_path):
    sample = DataSample().set_pred_label(1).set_pred_score(torch.tensor([0.1, 0.9]))
    heatmap = torch.full((60, 80), -2.0)
    heatmap[10:20, 30:40] = 4
    sample.set_field(heatmap, 'pred_heatmap')
    sample.set_field(heatmap > 0, 'pred_mask')
    visualizer = RoIVisualizer()
    without = visualizer.add_datasample(
        'a', image, sample, out_file=f'{tmp_path}/a.jpg'
    )
    assert has(without, ROI_COLOUR) and not has(without, BOX_COLOUR)

    truth = np.zeros((60, 80), np.uint8)
    truth[40:50, 10:20] = 1
    sample.set_field(truth, 'gt_seg_map')
    drawn = visualizer.add_datasample('a', image, sample, out_file=f'{tmp_path}/b.jpg')
    assert has(drawn, BOX_COLOUR)
    hidden = visualizer.add_datasample(
        'a', image, sample, draw_gt=False, out_file=f'{tmp_path}/c.jpg'
    )
    assert not has(hidden, BOX_COLOUR)
