# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest

from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.registry import TRANSFORMS


@pytest.fixture
def load(tmp_path):
    def write_and_load(image, suffix='.png', **settings):
        path = str(tmp_path / f'image{suffix}')
        assert cv2.imwrite(path, image)
        results = LoadAnyDepthImage(**settings)(dict(img_path=path))
        assert results['ori_shape'] == results['img_shape'] == image.shape[:2]
        assert results['img'].dtype == np.uint8
        assert results['img'].shape == (*image.shape[:2], 3)
        return results['img']

    return write_and_load


def ramp(top, dtype, size=(6, 8)):
    return np.linspace(0, top, size[0] * size[1]).reshape(size).astype(dtype)


def test_it_is_registered():
    assert TRANSFORMS.get('LoadAnyDepthImage') is LoadAnyDepthImage


def test_colour_stays(load):
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    assert (load(image) == image).all()


def test_grey_is_repeated(load):
    image = ramp(255, np.uint8)
    assert (load(image) == image[..., None]).all()


def test_transparency_is_dropped(load):
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 4)).astype(np.uint8)
    assert (load(image) == image[..., :3]).all()


@pytest.mark.parametrize('bits', [10, 12, 14, 16])
def test_range_of_a_camera_is_guessed(load, bits):
    image = ramp(2**bits - 1, np.uint16)
    found = load(image)
    assert found.max() == 255
    expected = image / (2**bits - 1) * 255
    assert np.abs(found - expected[..., None]).max() <= 0.5


def test_range_of_a_camera_is_given(load):
    dark = ramp(500, np.uint16)
    assert load(dark).max() == round(500 / 1023 * 255)
    assert load(dark, bits=12).max() == round(500 / 4095 * 255)
    assert load(ramp(5000, np.uint16), bits=12).max() == 255


def test_16_bit_colour_with_transparency(load):
    image = np.zeros((6, 8, 4), np.uint16)
    image[..., 1] = 65535
    assert (load(image) == (0, 255, 0)).all()


def test_floating_point_numbers(load):
    image = np.ones((6, 8, 3), np.float32)
    with pytest.raises(ValueError, match='image.tif: found float32 numbers, expected'):
        load(image, '.tif')


@pytest.mark.parametrize('content', [b'', b'no picture'])
def test_no_picture(tmp_path, content):
    path = tmp_path / 'broken.png'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='broken.png: found no picture in it'):
        LoadAnyDepthImage()(dict(img_path=str(path)))


def test_bad_bits():
    with pytest.raises(ValueError, match='bits is 7, expected 8 to 16'):
        LoadAnyDepthImage(bits=7)
