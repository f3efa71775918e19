# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmacnn.evaluation.value_counts import (
    best_dice,
    count_values,
    overlap_area,
    pool_counts,
    roc_area,
    round_values,
)
from mmacnn.ops import connected_regions


def test_rounding_is_that_of_half_precision_in_its_range():
    rng = np.random.default_rng(0)
    values = (rng.normal(size=10_000) * 10.0 ** rng.integers(-4, 4, 10_000)).astype('f')
    values = values[np.abs(values) > 1e-4]
    assert (round_values(values) == values.astype(np.float16)).all()


def test_rounding_keeps_tiny_and_huge_numbers_apart():
    values = np.array([-1e30, 0, 1e-20, 1.01e-20, 1e30], np.float32)
    rounded = round_values(values)
    assert (np.diff(rounded) > 0).all()
    assert rounded == pytest.approx(values, rel=2**-11)


def test_roc_area_of_pooled_images_is_the_library_s():
    rng = np.random.default_rng(0)
    truth = rng.random((3, 12, 16)) < 0.2
    heat = round_values(rng.normal(size=truth.shape) + truth)
    pairs = zip(heat, truth, strict=True)
    counts = [count_values(h, positives=t, negatives=~t) for h, t in pairs]
    found = roc_area(*pool_counts(counts, 'positives', 'negatives'))
    assert found == pytest.approx(roc_auc_score(truth.ravel(), heat.ravel()))


def overlap_area_pixel_by_pixel(heat, truth, limit):
    """As the paper describes it: each threshold and each defect by itself."""
    points = [(0.0, 0.0)]
    for threshold in np.unique(heat)[::-1]:
        overlaps = []
        for image, defects in zip(heat, truth, strict=True):
            labels = connected_regions(defects).labels
            for label in range(1, labels.max() + 1):
                overlaps.append((image[labels == label] >= threshold).mean())
        points.append(((heat[~truth] >= threshold).mean(), np.mean(overlaps)))
    x, y = np.array(points).T
    fine = np.linspace(0, limit, 200_001)
    return np.interp(fine, x, y).mean()


@pytest.mark.parametrize('limit', [0.3, 0.05, 1.0])
def test_overlap_area_by_hand(limit):
    rng = np.random.default_rng(2)
    truth = np.zeros((3, 20, 20), bool)
    truth[0, 2:5, 3:9] = truth[0, 12, 12] = truth[1, 8:18, 8:18] = True
    heat = round_values(rng.normal(size=truth.shape) + 1.5 * truth)
    counts = []
    for image, defects in zip(heat, truth, strict=True):
        regions = connected_regions(defects)
        weights = np.concatenate(([0], 1 / regions.areas))[regions.labels]
        counts.append(count_values(image, negatives=~defects, overlaps=weights))
    _, negatives, overlaps = pool_counts(counts, 'negatives', 'overlaps')
    found = overlap_area(overlaps, negatives, limit)
    expected = overlap_area_pixel_by_pixel(heat, truth, limit)
    assert found == pytest.approx(expected, abs=1e-4)


def test_overlap_area_ends():
    # Values 0 to 3: the defect has the highest, and then the lowest.
    assert overlap_area(np.array([0, 0, 0, 1]), np.array([5, 3, 2, 0])) == 1
    assert overlap_area(np.array([1, 0, 0, 0]), np.array([0, 5, 3, 2])) == 0


def test_best_dice_is_the_best_of_all_thresholds():
    rng = np.random.default_rng(1)
    values = np.sort(rng.normal(size=50))
    positives, negatives = rng.integers(0, 5, (2, 50))
    dice, threshold = best_dice(values, positives, negatives)

    def dice_at(t):
        true, false = positives[values > t].sum(), negatives[values > t].sum()
        return 2 * true / (true + false + positives.sum())

    assert dice == pytest.approx(dice_at(threshold))
    assert dice >= max(dice_at(t) for t in (values[0] - 1, *values)) - 1e-12
