# Copyright (c) mmacnn authors. All rights reserved.
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

CLASSES = ('A1', 'B2', 'C3')


def make_yolo_data(root, labels, size=(48, 64), suffix='.png'):
    """Write images with the given label lines, ``{name: text}``, and classes.txt."""
    (root / 'images').mkdir(parents=True)
    (root / 'labels').mkdir()
    (root / 'classes.txt').write_text('\n'.join(CLASSES) + '\n')
    image = np.random.RandomState(0).randint(0, 256, (*size, 3), dtype=np.uint8)
    for name, text in labels.items():
        cv2.imwrite(str(root / 'images' / f'{name}{suffix}'), image)
        (root / 'labels' / f'{name}.txt').write_text(text)
    return root


@pytest.fixture
def yolo_data(tmp_path):
    """Four images, 48x64, of three classes; the box of the last one is not drawn."""
    labels = dict(
        a='0 0.5 0.5 0.25 0.125\n',
        b='1 0.25 0.75 0.125 0.25\n',
        c='2 0.5 0.5 0.5 0.5\n',
        d='0\n',
    )
    return make_yolo_data(tmp_path / 'data', labels)


@pytest.fixture
def product_code_data():
    """Folder of the published A-CNN data set, or a part of it."""
    shared = Path(__file__).parents[2].parent / 'shared' / 'data'
    root = Path(os.environ.get('MMACNN_REAL_DATA', shared)) / 'product_code'
    if not (root / 'images').is_dir():
        pytest.skip(f'no photographs in {root} (MMACNN_REAL_DATA names their folder)')
    return root
