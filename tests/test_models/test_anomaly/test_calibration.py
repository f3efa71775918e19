# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.models.anomaly import ScoreCalibration

SCORES = torch.tensor([4.0, 1, 3, 2, 9, 8])
LABELS = torch.tensor([0, 0, 0, 0, 1, 1])


def test_by_false_alarms():
    calibration = ScoreCalibration()
    assert not calibration.is_known
    line = calibration.fit(SCORES, LABELS, SCORES * 10, max_fpr=0.25)
    assert calibration.threshold == 3 and calibration.map_level == 30
    assert calibration.good_scores.tolist() == [1, 2, 3, 4]
    assert line == 'anomaly threshold 3: 1 of 4 good validation images are above it'


def test_by_the_best_f1():
    calibration = ScoreCalibration()
    line = calibration.fit(SCORES, LABELS, by='best_f1')
    assert calibration.threshold == 6 and 'best F1, 1.000, on 6' in line
    assert calibration.map_level.isnan()


def test_too_few_images_are_said():
    line = ScoreCalibration().fit(torch.ones(1), torch.zeros(1))
    assert 'too few to tell a false alarm rate of 0.05' in line


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
    calibration.fit(SCORES, LABELS, SCORES)
    pair = calibration.pair(torch.tensor([0.0, 2.5, 7.0]))
    torch.testing.assert_close(pair, torch.tensor([[1, 0], [0.5, 0.5], [0, 1]]))
    maps = calibration.evidence(torch.tensor([0.0, 4.0, 4 * 2.71828]))
    assert maps[0] < -20 and maps[1] == 0 and maps[2] == pytest.approx(1, abs=1e-4)


def test_state_dicts_of_any_number_of_scores():
    first, second = ScoreCalibration(), ScoreCalibration()
    first.fit(SCORES, LABELS)
    for source in (first, ScoreCalibration()):
        second.load_state_dict(source.state_dict())
        assert torch.equal(second.good_scores, source.good_scores)
        assert second.is_known == source.is_known
