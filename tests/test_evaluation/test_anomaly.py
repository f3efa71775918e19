# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from mmacnn.evaluation import AnomalyMetric
from mmacnn.registry import METRICS


def make_sample(score, kind='good', called=None, heat=None, truth=None):
    sample = dict(
        img_path=f'{kind}.png',
        gt_label=torch.tensor([int(kind != 'good')]),
        defect_kind=kind,
        pred_anomaly_score=torch.tensor([float(score)]),
    )
    if called is not None:
        sample['pred_label'] = torch.tensor([called])
    if heat is not None:
        sample['pred_heatmap'] = torch.as_tensor(heat, dtype=torch.float32)
    if truth is not None:
        sample['gt_seg_map'] = np.asarray(truth, np.uint8)
    return sample


def evaluate(*samples, **settings):
    metric = AnomalyMetric(**settings)
    metric.process({}, samples)
    found = metric.evaluate(len(samples))
    return {name.removeprefix('anomaly/'): value for name, value in found.items()}


def test_it_is_registered():
    assert METRICS.get('AnomalyMetric') is AnomalyMetric


def test_scores_against_the_library():
    rng = np.random.default_rng(0)
    labels = np.arange(30) % 3 > 0
    scores = rng.integers(0, 12, 30) + 2.0 * labels  # with ties
    kinds = np.where(labels, 'defect', 'good')
    found = evaluate(*map(make_sample, scores, kinds))
    assert found['image_auroc'] == pytest.approx(100 * roc_auc_score(labels, scores))
    expected = 100 * average_precision_score(labels, scores)
    assert found['average_precision'] == pytest.approx(expected)
    best = max(f1_score(labels, scores >= limit) for limit in scores)
    assert found['f1_max'] == pytest.approx(100 * best)
    assert found['good_score'] == pytest.approx(scores[~labels].mean())
    assert not {'fpr', 'fnr', 'pixel_auroc', 'pro'} & set(found)


def test_errors_at_the_model_s_own_threshold():
    found = evaluate(
        make_sample(1, called=0),
        make_sample(2, called=0),
        make_sample(2, called=0),
        make_sample(4, called=1),
        make_sample(3, 'crack', called=1),
        make_sample(0, 'crack', called=0),
        make_sample(5, 'bend', called=1),
    )
    assert found['fpr'] == 25
    assert found['fnr'] == pytest.approx(100 / 3)
    assert found['fnr_crack'] == 50 and found['fnr_bend'] == 0
    assert 'fpr_crack' not in found


def test_each_kind_against_the_good_images():
    found = evaluate(
        *(make_sample(score) for score in (1, 2, 3, 4)),
        *(make_sample(score, 'crack') for score in (5, 6)),
        *(make_sample(score, 'bend') for score in (0, 2.5)),
    )
    assert found['image_auroc_crack'] == 100
    assert found['image_auroc_bend'] == 25
    assert found['image_auroc'] == 62.5


def test_good_images_alone():
    found = evaluate(make_sample(1, called=0), make_sample(3, called=1))
    assert found == dict(fpr=50, good_score=2)


def test_defective_images_alone():
    found = evaluate(make_sample(1, 'crack', called=0))
    assert found == dict(fnr=100)


def test_maps():
    truth = np.zeros((10, 10))
    truth[2:4, 2:4] = truth[7, 7] = 1
    # Half of the large defect is found before anything else, then all of both.
    heat = truth.copy()
    heat[2, 2:4] = 2
    blank = np.zeros((10, 10))
    found = evaluate(
        make_sample(2, 'crack', heat=1e-9 * heat, truth=truth),
        make_sample(1, heat=blank, truth=blank),
    )
    assert found['pixel_auroc'] == found['pro'] == 100
    found = evaluate(
        make_sample(2, 'crack', heat=-heat, truth=truth),
        make_sample(1, heat=blank, truth=blank),
    )
    assert found['pixel_auroc'] == found['pro'] == 0


def test_small_defects_count_as_much_as_large_ones_for_pro():
    truth = np.zeros((10, 10))
    truth[0:5, 0:5] = truth[8, 8] = 1
    heat = np.zeros((10, 10))
    heat[0:5, 0:5] = 1  # the small one is missed until everything is marked
    found = evaluate(
        make_sample(2, 'crack', heat=heat, truth=truth),
        make_sample(1, heat=heat * 0, truth=heat * 0),
        max_fpr=1.0,
    )
    assert found['pixel_auroc'] == pytest.approx(100 * (25 + 0.5) / 26)
    assert found['pro'] == pytest.approx(75)


def test_no_map_where_the_model_has_none():
    truth = np.ones((4, 4))
    found = evaluate(make_sample(2, 'crack', truth=truth), make_sample(1))
    assert found['image_auroc'] == 100 and 'pro' not in found


@pytest.mark.parametrize(
    ('sample', 'message'),
    [
        (make_sample(float('nan'), 'crack'), 'crack.png: found the score nan'),
        (
            make_sample(1, heat=np.full((4, 4), np.nan), truth=np.zeros((4, 4))),
            'good.png: found a heat map with NaN',
        ),
        (
            make_sample(1, heat=np.zeros((4, 5)), truth=np.zeros((4, 4))),
            r'good.png: found a heat map of \(4, 5\), expected .* \(4, 4\)',
        ),
    ],
)
def test_bad_predictions(sample, message):
    with pytest.raises(ValueError, match=message):
        evaluate(sample)


def test_bad_limit():
    with pytest.raises(ValueError, match=r'max_fpr is 0, expected a number in'):
        AnomalyMetric(max_fpr=0)
