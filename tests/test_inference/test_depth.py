# Copyright (c) mmacnn authors. All rights reserved.
"""Every method gives the same answer on an image, however it is stored."""

import cv2
import numpy as np
import pytest

from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector

from ..testing.methods import METHODS, images_of, prepare, random_weights


def twins(image, folder):
    """The same picture as files and arrays of all kinds, that of 8 bits first."""
    deep = image.astype(np.uint16) << 4
    fractions = image.astype(np.float32) / 255
    files = {'8.png': image, '12.png': deep, '12.tif': deep, 'float.tif': fractions}
    for name, pixels in files.items():
        assert cv2.imwrite(str(folder / name), pixels)
    arrays = [image, deep, fractions]
    if image.ndim == 2:
        arrays += [deep[..., None], cv2.cvtColor(deep, cv2.COLOR_GRAY2BGRA)]
    else:
        arrays += [np.dstack((pixels, pixels[..., 0])) for pixels in arrays]
    return [folder / name for name in files] + arrays


def assert_equal(found, expected):
    assert not found.error
    for field in ('verdict', 'label', 'score', 'scores', 'roi', 'anomaly_score'):
        assert getattr(found, field) == getattr(expected, field)
    assert found.detections == expected.detections
    assert (found.heatmap is None) == (expected.heatmap is None)
    if expected.heatmap is not None:
        assert (found.heatmap == expected.heatmap).all()


@pytest.mark.parametrize('name', METHODS)
def test_the_same_picture_has_one_result(name, tmp_path):
    method = METHODS[name]
    config = prepare(method, tmp_path, train=2, test=4, depth=12)
    weights = random_weights(config, tmp_path / 'weights.pth')
    settings = dict(method.inspector, score_thr=0.01) | dict(device='cpu')
    inspector = Inspector(config, weights, **settings)
    colour = cv2.imread(str(images_of(method, tmp_path)[0]))
    for image in (colour, colour[..., 0]):
        expected, *others = inspector(twins(image, tmp_path))
        assert expected.scores or expected.detections
        for found in others:
            assert_equal(found, expected)
    # Without the setting it is refused, and not dark.
    plain = load_config(config, cfg_options=dict(depth=None))
    dark = Inspector(plain, weights, **settings)
    (refused,) = dark(tmp_path / '12.png')
    assert refused.verdict == 'unreadable'
    assert 'expected `depth`' in refused.error
