# Copyright (c) mmacnn authors. All rights reserved.
"""What --out keeps of the maps."""

import cv2
import numpy as np
import torch

from mmacnn.apis import predictions
from mmacnn.apis.predictions import Predictions


def sample(path, probability, size=(240, 320)):
    heat = torch.zeros(size)
    heat[100, 200] = 9
    mask = torch.zeros(1, *size, dtype=torch.uint8)
    mask[0, 100:110, 200:208] = 1
    return dict(
        img_path=path,
        gt_label=torch.tensor([1]),
        pred_label=torch.tensor([int(probability > 0.5)]),
        pred_score=torch.tensor([1 - probability, probability]),
        pred_heatmap=heat,
        pred_mask=heat > 1,
        gt_seg_map=mask,
    )


def gather(samples):
    metric = Predictions()
    metric.process({}, samples)
    metric.evaluate(len(samples))
    return metric


def test_maps_of_the_hardest_images_alone(monkeypatch):
    monkeypatch.setattr(predictions, 'MAX_MAPS', 2)
    probabilities = [0.9, 0.4, 0.95, 0.1, 0.8]
    metric = gather([sample(f'{p}.png', p) for p in probabilities])
    assert sorted(metric.maps) == [1, 3]
    assert [each['img_path'] for each in metric.samples] == [
        f'{p}.png' for p in probabilities
    ]
    assert not any('maps' in each or 'pred_mask' in each for each in metric.samples)


def test_maps_are_small_and_masks_complete():
    metric = gather([sample('a.png', 0.1)])
    maps = metric.maps[0]
    assert maps['pred_heatmap'].dtype == np.float16
    assert maps['pred_heatmap'].shape == (120, 160)
    assert np.unravel_index(maps['pred_heatmap'].argmax(), (120, 160)) == (50, 100)
    mask = cv2.imdecode(np.frombuffer(maps['gt_seg_map'], np.uint8), -1)
    assert mask.shape == (240, 320) and (mask > 0).sum() == 80
    assert metric.samples[0]['object_fraction'] == 80 / (240 * 320)


def test_a_mask_without_a_heat_map():
    region = sample('a.png', 0.1)
    del region['pred_heatmap'], region['pred_mask']
    assert set(gather([region]).maps[0]) == {'gt_seg_map'}
