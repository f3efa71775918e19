# Copyright (c) mmacnn authors. All rights reserved.
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[2]
MODEL = ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'
WEIGHTS = ROOT / 'demo/acnn-opt_synthetic-product-code.pth'
# Where the middle of the code is brought to, (x, y): the last are at the edges.
CENTRES = [(320, 240), (8, 200), (633, 300), (300, 4), (200, 474)]


@pytest.fixture(scope='session')
def photographs(tmp_path_factory):
    """Generated images of 480x640, the code in the middle and at each edge."""
    data = tmp_path_factory.mktemp('photographs')
    count = dict(test=len(CENTRES))
    write_dataset(TASKS['product-code'], data / 'all', count, (480, 640), seed=7)
    folder = data / 'shifted'
    folder.mkdir()
    files = sorted((data / 'all/test/images').iterdir())
    for file, (x, y) in zip(files, CENTRES, strict=True):
        label = data / 'all/test/labels' / f'{file.stem}.txt'
        _, cx, cy, *_ = map(float, label.read_text().split())
        move = np.float32([[1, 0, x - cx * 640], [0, 1, y - cy * 480]])
        image = cv2.warpAffine(cv2.imread(str(file)), move, (640, 480))
        cv2.imwrite(str(folder / f'{file.stem}.png'), image)
    return sorted(folder.iterdir())


@pytest.fixture(scope='session')
def exported(photographs, tmp_path_factory):
    """Export the demo's weights once for each deploy config, by its name."""
    for package in ('mmdeploy', 'onnx', 'onnxruntime', 'ml_dtypes'):
        if find_spec(package) is None:
            pytest.skip(f'{package} is not installed')
    from mmacnn.deploy import deploy

    @cache
    def export(name):
        folder = tmp_path_factory.mktemp('exported') / name
        deploy(
            str(ROOT / f'configs/deploy/acnn/{name}.py'),
            str(MODEL),
            str(WEIGHTS),
            str(photographs[0]),
            str(folder),
            calibration_images=str(photographs[0].parent),
        )
        return folder

    return export
