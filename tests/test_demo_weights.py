# Copyright (c) mmacnn authors. All rights reserved.
"""The weights in demo/ still read the generated world with today's code."""

from pathlib import Path

from mmacnn.inference import Inspector
from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[1]


def test_demo_weights_read_photographs_they_were_not_trained_on(tmp_path):
    data = tmp_path / 'data'
    # Another seed than the one that the weights were trained and tested with.
    write_dataset(TASKS['product-code'], data, dict(test=8), (480, 640), seed=7)
    inspector = Inspector(
        str(ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'),
        str(ROOT / 'demo/acnn-opt_synthetic-product-code.pth'),
        device='cpu',
    )
    images = sorted((data / 'test/images').iterdir())
    results = inspector([str(image) for image in images])
    for image, result in zip(images, results, strict=True):
        label = data / 'test/labels' / f'{image.stem}.txt'
        class_id, cx, cy, *_ = map(float, label.read_text().split())
        assert result.label == class_id
        x0, y0, x1, y1 = result.roi
        assert x0 < cx * 640 < x1 and y0 < cy * 480 < y1
