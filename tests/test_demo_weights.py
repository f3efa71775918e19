# Copyright (c) mmacnn authors. All rights reserved.
"""The weights in demo/ still read the generated world with today's code."""

from pathlib import Path

import numpy as np
import pytest

from mmacnn.inference import Inspector
from mmacnn.synthetic import TASKS, with_turns, write_dataset

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ('config', 'weights', 'rotate'),
    [
        ('acnn-opt_strided_8e_synthetic-product-code', 'acnn-opt', 0),
        ('acnn-opt_strided_16e_synthetic-product-code-wide', 'acnn-opt-wide', 30),
        ('acnn-opt-pose_strided_16e_synthetic-product-code-wide', 'acnn-opt-pose', 180),
    ],
)
def test_demo_weights_read_photographs_they_were_not_trained_on(
    tmp_path, config, weights, rotate
):
    data = tmp_path / 'data'
    task = with_turns(TASKS['product-code'], rotate)
    # Another seed than the one that the weights were trained and tested with.
    write_dataset(task, data, dict(test=8), (480, 640), seed=7)
    inspector = Inspector(
        str(ROOT / f'configs/acnn/{config}.py'),
        str(ROOT / f'demo/{weights}_synthetic-product-code.pth'),
        device='cpu',
    )
    images = sorted((data / 'test/images').iterdir())
    results = inspector([str(image) for image in images])
    for image, result in zip(images, results, strict=True):
        label = data / 'test/labels' / f'{image.stem}.txt'
        class_id, *place = map(float, label.read_text().split())
        assert result.label == class_id
        if rotate:
            cx, cy = np.reshape(place, (4, 2)).mean(0)
        else:
            cx, cy = place[:2]
        x0, y0, x1, y1 = result.roi
        assert x0 < cx * 640 < x1 and y0 < cy * 480 < y1
