# Copyright (c) mmacnn authors. All rights reserved.
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.reporting.region_accuracy import (
    name_results,
    plot_region_accuracy,
    read_regions,
)

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/plot_region_accuracy.py'


def write(path, correct, fraction):
    samples = [
        dict(gt_label=[1], pred_label=[int(r)], region_fraction=s, pred_score=[0, 1])
        for r, s in zip(correct, fraction, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(metrics={}, predictions=samples)))
    return str(path)


@pytest.fixture
def results(tmp_path):
    fraction = np.geomspace(0.003, 0.3, 40)
    good = write(tmp_path / 'good/results.json', fraction > 0.005, fraction)
    bad = write(tmp_path / 'bad/results.json', fraction > 0.1, fraction)
    return [good, bad]


def test_reading(results):
    correct, fraction = read_regions(results[0])
    assert correct.dtype == bool and len(correct) == 40
    np.testing.assert_array_equal(correct, fraction > 0.005)


def test_picture(results, tmp_path):
    done = subprocess.run(
        [sys.executable, TOOL, tmp_path / 'plot.png', *results],
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(
            os.environ,
            PYTHONPATH=os.pathsep.join([str(TOOL.parents[2]), *filter(None, sys.path)]),
        ),
    )
    assert done.returncode == 0, done.stderr
    picture = cv2.imread(str(tmp_path / 'plot.png'))
    assert picture.shape[0] > 400
    # Two lines: the first two colours of matplotlib.
    for colour in ((180, 119, 31), (14, 127, 255)):
        assert (picture == colour).all(-1).sum() > 200


def test_names(results, tmp_path):
    assert name_results(results, None) == ['good', 'bad']
    assert name_results(['a/x.json', 'a/y.json'], None) == ['x', 'y']
    assert name_results(results, ['this', 'that']) == ['this', 'that']
    for names in (['one'], ['one', 'one']):
        with pytest.raises(
            ValueError, match='names: found one.*, expected 2 different'
        ):
            name_results(results, names)


@pytest.mark.parametrize('text', ['{}', '[]', '{"predictions": [{"gt_label": [1]}]}'])
def test_another_file(tmp_path, text):
    path = tmp_path / 'other.json'
    path.write_text(text)
    with pytest.raises(ValueError, match='other.json: expected what tools/test.py'):
        read_regions(str(path))


def test_no_file():
    with pytest.raises(FileNotFoundError, match='absent.json: found no such file'):
        read_regions('absent.json')


def test_models_of_other_sizes(tmp_path):
    fraction = np.array([0.5, 0.02])
    results = dict(
        one=(np.array([True, False]), fraction), two=(np.array([True]), fraction[:1])
    )
    plot_region_accuracy(results, str(tmp_path / 'plot.svg'))
    assert (tmp_path / 'plot.svg').stat().st_size > 1000
