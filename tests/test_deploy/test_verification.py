# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.structures import InstanceData
from mmpretrain.structures import DataSample

from mmacnn.deploy.verification import Differences, compare


class Model:
    """Gives prepared predictions, one an image."""

    def __init__(self, *samples):
        self.samples = list(samples)

    def test_step(self, data):
        return [self.samples.pop(0)]


def image(scores, roi=None):
    sample = DataSample().set_pred_score(torch.tensor(scores))
    sample.set_pred_label(int(torch.tensor(scores).argmax()))
    if roi is not None:
        sample.set_field(torch.tensor(roi), 'pred_roi')
    return sample


def detections(*rows):
    boxes = torch.tensor([row[:4] for row in rows]).view(-1, 4).float()
    scores = torch.tensor([row[4] for row in rows]).float()
    labels = torch.tensor([row[5] for row in rows]).long()
    sample = DataSample()
    found = InstanceData(bboxes=boxes, scores=scores, labels=labels)
    sample.set_field(found, 'pred_instances')
    return sample


def differences(expected, found):
    class NoPipeline:
        test_pipeline = []

    images = [str(i) for i in range(len(expected))]
    return compare(Model(*expected), Model(*found), NoPipeline, images)


def test_images():
    expected = [image([0.9, 0.1], [0.0, 0.0, 4.0, 4.0]), image([0.2, 0.8], [1.0] * 4)]
    found = [image([0.85, 0.15], [0.0, 0.5, 4.0, 4.5]), image([0.6, 0.4], [1.0] * 4)]
    result = differences(expected, found)
    assert (result.images, result.compared, result.labels) == (2, 2, 0.5)
    assert result.score == pytest.approx(0.4) and result.shift == 0.5


def test_detector_contract_tells_one_score():
    result = differences([image([0.7, 0.3])], [image([0.69, 0.0])])
    assert result.score == pytest.approx(0.01)
    assert result.shift == 0  # neither tells a place


def test_detections_in_any_order():
    rows = [(0, 0, 9, 9, 0.9, 1), (20, 20, 29, 29, 0.8, 0), (5, 5, 9, 9, 0.1, 0)]
    moved = (20, 20, 29, 29.25, 0.85, 0)
    result = differences([detections(*rows)], [detections(moved, rows[0])])
    assert (result.compared, result.labels) == (4, 1.0)  # each, seen from both sides
    assert result.score == pytest.approx(0.05) and result.shift == 0.25


@pytest.mark.parametrize('swap', [False, True])
def test_detection_that_one_model_lacks(swap):
    pair = [detections((0, 0, 9, 9, 0.9, 1)), detections()]
    result = differences(*([each] for each in (pair[::-1] if swap else pair)))
    assert (result.compared, result.labels) == (1, 0.0)


def test_beyond_the_tolerance():
    tolerance = dict(labels=1.0, score=1e-4, shift=0.1, map=0.0)
    assert Differences(9, 9, 1.0, 9e-5, 0.1, 0.0).beyond(tolerance) == []
    lines = Differences(9, 9, 0.5, float('nan'), 0.2, 1.0).beyond(tolerance)
    assert [line.split()[0] for line in lines] == ['labels', 'score', 'shift', 'map']
