# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.models.anomaly import ScoreCalibration

SCORES = torch.tensor([4.0, 1, 3, 2, 9, 8])
LABELS = torch.tensor([0, 0, 0, 0, 1, 1])


def test_by_max_fpr():
    calibration = ScoreCalibration()
    assert not calibration.is_known
    line = calibration.fit(SCORES, LABELS, SCORES * 10, max_fpr=0.4)
    assert calibration.threshold == 3 and calibration.map_level == 30
    assert calibration.good_scores.tolist() == [1, 2, 3, 4]
    assert line == (
        'anomaly threshold 3: expected false positive rate at most 40 %, from 4 good '
        'images; of 20 such sets of images one has 75 % or more'
    )


def test_with_confidence():
    scores, labels = torch.arange(60.0), torch.zeros(60)
    line = ScoreCalibration().fit(scores, labels, confidence=0.9)
    assert line.startswith('anomaly threshold 59: false positive rate at most')
    assert line.endswith('with 90 % confidence, from 60 good images')


def test_by_the_best_f1():
    calibration = ScoreCalibration()
    line = calibration.fit(SCORES, LABELS, by='best_f1')
    assert calibration.threshold == 6 and 'best F1, 1.000, on 6' in line
    assert calibration.map_level.isnan()


def test_too_few_images_are_said():
    fit = ScoreCalibration().fit
    line = fit(torch.arange(10.0), torch.zeros(10))
    assert (
        '10 good images cannot promise an expected false positive rate of 5 %' in line
    )
    assert '19 can' in line and 'largest score promises 9.09 %' in line
    assert 'lies above it, where a tail' in line
    line = fit(torch.arange(30.0), torch.zeros(30), confidence=0.9)
    assert '5 % with 90 % confidence, 45 can' in line
    line = fit(torch.ones(1), torch.zeros(1))
    assert (
        '1 good image cannot' in line and 'promises 50 % and is the threshold' in line
    )
    assert ' can;' not in fit(torch.arange(30.0), torch.zeros(30), max_fpr=0.0)


@pytest.mark.parametrize(
    ('scores', 'labels', 'by', 'message'),
    [
        ([1.0], [0], 'best_f1', 'found 0 defective of 1'),
        ([1.0], [1], 'max_fpr', 'found no score of a good image'),
        ([1.0], [0], 'luck', "found 'luck'"),
    ],
)
def test_refuses(scores, labels, by, message):
    with pytest.raises(ValueError, match=message):
        ScoreCalibration().fit(torch.tensor(scores), torch.tensor(labels), by=by)


def test_pair_and_evidence():
    calibration = ScoreCalibration()
    calibration.fit(SCORES, LABELS, SCORES, max_fpr=0.2)
    pair = calibration.calibrated_scores(torch.tensor([0.0, 2.5, 7.0]))
    torch.testing.assert_close(pair, torch.tensor([[1, 0], [0.5, 0.5], [0, 1]]))
    maps = calibration.log_ratio(torch.tensor([0.0, 4.0, 4 * 2.71828]))
    assert maps[0] < -20 and maps[1] == 0 and maps[2] == pytest.approx(1, abs=1e-4)


def test_state_dicts_of_any_number_of_scores():
    first, second = ScoreCalibration(), ScoreCalibration()
    first.fit(SCORES, LABELS)
    for source in (first, ScoreCalibration()):
        second.load_state_dict(source.state_dict())
        assert torch.equal(second.good_scores, source.good_scores)
        assert second.is_known == source.is_known
