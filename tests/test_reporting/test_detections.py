# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.reporting.detections import (
    average_precision,
    match_boxes,
    precision_recall,
)


def test_pairs_of_true_and_predicted_classes(detector):
    pairs = [record.matches.pairs() for record in detector.records[:5]]
    assert pairs == [[(0, 0)], [(0, 1)], [(0, -1)], [(-1, 0)], [(0, -1)]]


def test_the_best_box_takes_the_true_one():
    matches = match_boxes(
        dict(
            gt_instances=dict(bboxes=[[0, 0, 10, 10]], labels=[3]),
            pred_instances=dict(
                # 0.49 and 0.8 of the true box; then the best scored, whole.
                bboxes=[[0, 0, 10, 4.9], [0, 0, 10, 8], [0, 0, 10, 10]],
                labels=[3, 3, 3],
                scores=[0.5, 0.6, 0.7],
            ),
        )
    )
    assert matches.scores.tolist() == [0.7, 0.6, 0.5]
    assert matches.matched.tolist() == [0, -1, -1]
    assert matches.found.all() and matches.mistakes == 2


def test_overlap_of_half_counts():
    def matched(bottom):
        found = dict(bboxes=[[0, 0, 10, bottom]], labels=[0], scores=[1])
        true = dict(bboxes=[[0, 0, 10, 10]], labels=[0])
        return match_boxes(dict(pred_instances=found, gt_instances=true)).matched[0]

    assert matched(5.0) == 0 and matched(4.9) == -1


def test_precision_and_recall_by_hand():
    scores, correct = (
        np.array([0.2, 0.9, 0.8, 0.5]),
        np.array([True, True, False, True]),
    )
    precision, recall = precision_recall(scores, correct, total=4)
    assert precision.tolist() == [1, 1 / 2, 2 / 3, 3 / 4]
    assert recall.tolist() == [1 / 4, 1 / 4, 2 / 4, 3 / 4]
    # The best precision at each recall or more: 1, 3/4, 3/4.
    assert average_precision(precision, recall) == pytest.approx((1 + 1.5) / 4)
