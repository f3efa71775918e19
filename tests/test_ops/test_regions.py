# Copyright (c) mmacnn authors. All rights reserved.
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmacnn.ops import RegionRule, connected_regions, mark_regions, measure_regions

ROOT = Path(__file__).parents[2]
HEAT = torch.zeros(8, 12)
HEAT[1:3, 1:5] = 2.0  # above the low threshold, with a peak
HEAT[1, 2] = 5.0
HEAT[5:7, 1:4] = 2.0  # without
HEAT[6, 9] = 5.0  # a speck that is a peak


@pytest.mark.parametrize(
    'rule, scale, areas',
    [
        (RegionRule(), (1, 1), [1, 1]),
        (RegionRule(margin=3), (1, 1), [8, 1]),
        (RegionRule(margin=3, min_area=2), (1, 1), [8]),
        (RegionRule(margin=3, min_area=2), (0.5, 0.5), [8, 1]),
        (RegionRule(margin=3, min_area=9), (1, 1), []),
    ],
)
def test_hysteresis_and_least_area(monkeypatch, rule, scale, areas):
    """On the workstation and on the board."""
    marked = mark_regions(HEAT, 4.0, rule, scale)
    assert connected_regions(marked.numpy()).areas.tolist() == areas
    monkeypatch.syspath_prepend(str(ROOT / 'runner'))
    for name in [name for name in sys.modules if name.split('.')[0] == 'runner']:
        monkeypatch.delitem(sys.modules, name)
    from runner import maps

    facts = dict(rule._asdict(), threshold=4.0)
    np.testing.assert_array_equal(maps.mark_regions(HEAT.numpy(), facts, scale), marked)


def test_regions_by_hand():
    mask = np.zeros((6, 8), bool)
    mask[0, 0] = mask[1, 1] = True  # they meet at a corner
    mask[3:6, 4:8] = True
    regions = connected_regions(mask)
    assert regions.boxes.tolist() == [[4, 3, 8, 6], [0, 0, 2, 2]]
    assert regions.areas.tolist() == [12, 2]
    assert regions.labels[4, 5] == 1 and regions.labels[1, 1] == 2
    assert ((regions.labels > 0) == mask).all()


def test_no_region():
    regions = connected_regions(np.zeros((6, 8)))
    assert regions.boxes.shape == (0, 4) and len(regions.areas) == 0
    assert not regions.labels.any()


def test_measures_of_a_resized_mask():
    """A mask of half the image's width and all of its height."""
    mask = np.zeros((10, 20), bool)
    mask[2:4, 5:10] = True
    (region,) = measure_regions(mask, (0.5, 1.0), mm_per_pixel=0.1)
    assert region['box'] == (10, 2, 20, 4)
    assert (region['area'], region['pixels']) == (10 / 200, 20)
    assert region['sides'] == (10, 2)
    assert region['box_mm'] == pytest.approx((1, 0.2, 2, 0.4))
    assert region['sides_mm'] == pytest.approx((1, 0.2))
    assert region['area_mm2'] == pytest.approx(0.2)
    assert 'area_mm2' not in measure_regions(mask)[0]
