# Copyright (c) mmacnn authors. All rights reserved.
from region_loading import measure_region_loading


def test_cost_grows_with_the_instances_and_not_faster():
    few, many = map(measure_region_loading, (500, 5000))
    assert 5 < many.json_mb / few.json_mb < 15
    assert 5 < many.kept_mb / few.kept_mb < 15
    # 100 000 instances load in 20 times this; the bound is wide, machines differ.
    assert many.load < 5 and many.peak_mb < 400
    assert many.mask < 0.05
    assert str(many).startswith('json 4 MB: loaded in')
