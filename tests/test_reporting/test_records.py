# Copyright (c) mmacnn authors. All rights reserved.
import pytest

from mmacnn.reporting.records import difficulty, make_record


def test_classifier_with_a_roi(acnn):
    correct, wrong = acnn.records[1], acnn.records[2]
    assert (correct.name, correct.truth, correct.label, correct.correct) == (
        '1.png',
        1,
        1,
        True,
    )
    assert (wrong.truth, wrong.label, wrong.correct) == (0, 1, False)
    assert wrong.score == pytest.approx(0.8)
    assert wrong.difficulty == pytest.approx(1.8) and correct.difficulty < 0.2
    assert wrong.object_fraction == pytest.approx(9 / (48 * 64))
    # The ROI's centre lies 3 px right of the box's in each image.
    assert correct.centre_error == pytest.approx(3)


def test_boxes_are_of_the_networks_input(acnn):
    prediction = acnn.predictions[2] | dict(
        scale_factor=[2.0, 2.0], gt_bboxes=[[20, 20, 26, 26]]
    )
    record = make_record('2.png', prediction)
    assert record.centre_error == acnn.records[2].centre_error
    assert record.object_fraction == acnn.records[2].object_fraction


def test_anomaly_scores(anomaly):
    record = anomaly.records[4]
    assert (record.truth, record.label, record.correct) == (1, 0, False)
    assert record.defect_score == 4.0
    assert record.object_fraction == 0.01 and anomaly.records[0].object_fraction is None


def test_difficulty_without_scores_of_the_classes():
    good, bad = dict(gt_label=[0]), dict(gt_label=[1])
    scores = [dict(pred_anomaly_score=[value]) for value in (1.0, 9.0)]
    assert difficulty(good | scores[1]) > difficulty(good | scores[0])
    assert difficulty(bad | scores[0]) > difficulty(bad | scores[1])


def test_without_truth(photos):
    record = make_record('a', dict(img_path=photos[0], pred_score=[0.3, 0.7]))
    assert (record.truth, record.label, record.correct) == (None, 1, None)


def test_detector(detector):
    correct = [record.correct for record in detector.records]
    assert correct == [True, False, False, False, False, True, True, True]
    assert [r.difficulty for r in detector.records[:5]] == [0, 2, 1, 1, 1]
    assert detector.records[0].box_fractions == (pytest.approx(100 / 3072),)


def test_anomaly_score_alone(photos):
    prediction = dict(img_path=photos[0], gt_label=[1], pred_anomaly_score=[7.5])
    record = make_record('a', prediction)
    assert (record.label, record.correct, record.score) == (None, None, 7.5)
