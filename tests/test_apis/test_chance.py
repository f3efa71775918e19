# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch

from mmacnn.apis.chance import ChanceWarning, chance_warning

TRUE = [0] * 60 + [1] * 40


@pytest.mark.parametrize('said', [[0] * 100, [0, 1] * 50, [1 - t for t in TRUE]])
def test_a_classifier_at_chance(said):
    line = chance_warning(list(zip(TRUE, said, strict=True)), ('good', 'bad'))
    assert 'not better than chance' in line and "'good' for every image" in line


def test_a_classifier_that_knows_something_and_few_images():
    said = [t if i % 10 else 1 - t for i, t in enumerate(TRUE)]  # 90 of 100
    assert chance_warning(list(zip(TRUE, said, strict=True))) == ''
    assert '3 of 4 images' in chance_warning([(0, 0), (0, 0), (1, 1), (1, 0)])


def test_data_of_one_class_say_nothing():
    assert chance_warning([(0, 1)] * 9) == '' and chance_warning([]) == ''


def test_samples_of_all_kinds(caplog):
    metric = ChanceWarning()
    label = torch.tensor([1])
    metric.process(
        {},
        [
            dict(gt_label=label, pred_label=label),
            dict(gt_label=np.array([0]), pred_label=label),
            dict(gt_label=label, pred_label=label, pred_anomaly_score=label),
            dict(pred_instances={}),
        ],
    )
    assert metric.results == [(1, 1), (0, 1), (), ()]
    assert metric.compute_metrics(metric.results) == {}
