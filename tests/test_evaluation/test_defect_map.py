# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from mmacnn.evaluation import DefectMapMetric
from mmacnn.registry import METRICS


def make_sample(truth, heat, threshold=0.0, score=0.5):
    heat = torch.as_tensor(heat, dtype=torch.float32)
    return dict(
        gt_label=torch.tensor([int(np.any(truth))]),
        gt_seg_map=np.asarray(truth, np.uint8),
        pred_score=torch.tensor([1 - score, score]),
        pred_heatmap=heat,
        pred_mask=heat > threshold,
    )


def evaluate(*samples, **settings):
    metric = DefectMapMetric(**settings)
    metric.process({}, samples)
    found = metric.evaluate(len(samples))
    return {name.removeprefix('map/'): value for name, value in found.items()}


def blank(*places, size=(40, 40), value=1.0, base=0.0):
    array = np.full(size, base, np.float32)
    for rows, columns in places:
        array[rows, columns] = value
    return array


def test_it_is_registered():
    assert METRICS.get('DefectMapMetric') is DefectMapMetric


def test_by_hand():
    truth = blank((slice(10, 14), slice(10, 15)))  # 20 pixels
    heat = blank((slice(10, 14), slice(10, 13)), base=-1.0)  # 12 of them,
    heat[30, 30] = 2.0  # the peak far away from it
    found = evaluate(make_sample(truth, heat), make_sample(blank(), blank(base=-1.0)))
    assert found['iou'] == pytest.approx(100 * 12 / 21)
    assert found['dice'] == pytest.approx(100 * 24 / 33)
    assert found['pointing'] == found['pointing_small'] == 0
    assert found['recall'] == found['recall_small'] == 100
    assert 'recall_large' not in found
    assert found['best_dice'] == pytest.approx(100 * 24 / 33)
    assert -1 < found['best_threshold'] < 1


def test_pointing_has_a_tolerance():
    truth = blank((slice(10, 14), slice(10, 15)))
    sample = make_sample(truth, blank((20, 12)))
    assert evaluate(sample, tolerance=7)['pointing'] == 100
    assert evaluate(sample, tolerance=6)['pointing'] == 0


def test_sizes():
    small, large = (slice(0, 2), slice(0, 2)), (slice(10, 30), slice(10, 30))
    sample = make_sample(blank(small, large), blank(large))
    found = evaluate(sample, size_limits=(4, 16))
    assert found['recall'] == 50
    assert found['recall_small'] == 0 and found['recall_large'] == 100
    # The image counts by its largest defect.
    assert found['pointing'] == found['pointing_large'] == 100
    assert 'pointing_small' not in found


def test_areas_under_the_curves_equal_the_library_on_all_values():
    rng = np.random.default_rng(0)
    truths = rng.random((4, 12, 16)) < [[[0.0]], [[0.2]], [[0.1]], [[0.0]]]
    # Values that half precision holds, with ties.
    heats = rng.integers(-20, 20, truths.shape) / 4 + truths
    scores = [0.1, 0.6, 0.3, 0.4]
    found = evaluate(*map(make_sample, truths, heats, [0] * 4, scores))
    expected = roc_auc_score(truths.ravel(), heats.ravel())
    assert found['pixel_auroc'] == pytest.approx(100 * expected)
    assert found['image_auroc'] == pytest.approx(75)


def test_extreme_logits_do_not_overflow():
    truth = blank((3, 3))
    assert evaluate(make_sample(truth, truth * 1e9))['pixel_auroc'] == 100


def test_without_masks_and_with_good_images_alone():
    sample = make_sample(blank(), blank())
    without = {key: sample[key] for key in ('gt_label', 'pred_score')}
    assert evaluate(without) == {}
    assert evaluate(sample) == {}


def test_bad_tolerance():
    with pytest.raises(ValueError, match='tolerance must be >= 0'):
        DefectMapMetric(tolerance=-1)
