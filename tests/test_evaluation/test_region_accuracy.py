# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.evaluation import RegionAccuracy
from mmacnn.evaluation.region_accuracy import accuracy_by_fraction
from mmacnn.registry import METRICS

# True and predicted class, and fraction of the image's area.
REGIONS = [
    (0, 0, 0.002),
    (0, 1, 0.005),
    (0, 0, 0.01),
    (0, 0, 0.03),
    (2, 2, 0.5),
    (2, 1, 1.0),
]


def samples(regions=REGIONS):
    for true, found, fraction in regions:
        sample = DataSample().set_gt_label(true).set_pred_label(found)
        sample.set_field(fraction, 'region_fraction', field_type='metainfo')
        yield sample.set_pred_score(torch.eye(3)[found]).to_dict()


def measure(regions=REGIONS, **settings):
    metric = METRICS.build(dict(type='mmacnn.RegionAccuracy', **settings))
    metric.process(None, list(samples(regions)))
    return metric.evaluate(len(regions))


def test_by_hand():
    metrics = measure()
    assert metrics == pytest.approx(
        {
            'region/accuracy': 400 / 6,
            'region/mean_class_accuracy': (75 + 50) / 2,
            'region/accuracy_0-1': 50,
            'region/accuracy_1-4': 100,
            'region/accuracy_16-100': 50,
        }
    )


def test_other_sizes():
    metrics = measure(edges=(0.005, 0.25))
    sizes = {name: value for name, value in metrics.items() if '-' in name}
    assert sizes == pytest.approx(
        {
            'region/accuracy_0-0.5': 100,
            'region/accuracy_0.5-25': 200 / 3,
            'region/accuracy_25-100': 50,
        }
    )


def test_accuracy_by_fraction_counts():
    right, fraction = np.array([1, 1, 0], bool), np.array([0.005, 0.3, 0.4])
    assert accuracy_by_fraction(right, fraction) == {'0-1': (100, 1), '16-100': (50, 2)}


@pytest.mark.parametrize('edges', [(0.2, 0.1), (0, 0.5), (0.5, 1), (0.1, 0.1)])
def test_edges_do_not_rise(edges):
    with pytest.raises(
        ValueError, match=r'edges are .*expected rising fractions in \(0'
    ):
        RegionAccuracy(edges)


def test_no_fraction():
    sample = DataSample().set_gt_label(0).set_pred_label(0).to_dict()
    with pytest.raises(
        ValueError, match='expected region_fraction in the data samples'
    ):
        RegionAccuracy().process(None, [sample])
