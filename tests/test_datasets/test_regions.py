# Copyright (c) mmacnn authors. All rights reserved.
"""Regions as people store them, and what is wrong with some."""

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmacnn.datasets.regions import decode_region
from mmacnn.synthetic.label_formats import run_lengths

SIZE = (24, 32)
WHERE = 'a.png, annotation 7'


def blob(seed=0, size=SIZE):
    noise = np.random.default_rng(seed).random(size)
    return (cv2.GaussianBlur(noise, (0, 0), 2) > 0.52).astype(np.uint8)


@pytest.fixture
def save(tmp_path):
    def save(picture, name='mask.png'):
        cv2.imwrite(str(tmp_path / name), picture)
        return str(tmp_path / name)

    return save


@pytest.mark.parametrize('seed', range(4))
def test_run_lengths(seed):
    mask = blob(seed)
    mask[0, 0] = seed % 2  # an encoding may begin with a run of no pixels
    packed = coco_mask.encode(np.asfortranarray(mask))
    text = dict(packed, counts=packed['counts'].decode())
    for region in (run_lengths(mask > 0), packed, text):
        np.testing.assert_array_equal(decode_region(region, SIZE, WHERE), mask)


def test_a_large_mask_in_run_lengths():
    mask = np.zeros((700, 900), np.uint8)
    mask[100:650, 20:] = 1  # runs of more than five bits, and differences below 0
    mask[300] = 0
    packed = coco_mask.encode(np.asfortranarray(mask))
    np.testing.assert_array_equal(decode_region(packed, mask.shape, WHERE), mask)


def test_polygons_are_a_union():
    squares = [[2, 3, 8, 3, 8, 9, 2, 9], [6.0, 3.0, 12.0, 3.0, 12.0, 9.0, 6.0, 9.0]]
    mask = decode_region(squares, SIZE, WHERE)
    expected = np.zeros(SIZE, np.uint8)
    expected[3:9, 2:12] = 1
    np.testing.assert_array_equal(mask, expected)
    assert mask.dtype == np.uint8


def test_a_polygon_may_leave_the_image():
    mask = decode_region([[-5, -5, 4, -5, 4, 4, -5, 4]], SIZE, WHERE)
    assert mask.sum() == 16 and mask[:4, :4].all()


@pytest.mark.parametrize('value', [1, 255])
@pytest.mark.parametrize('shape', ['grey', 'colour', 'alpha', '16 bit'])
def test_mask_files(save, value, shape):
    picture = blob() * np.uint8(value)
    if shape == '16 bit':
        picture = picture.astype(np.uint16)
    elif shape != 'grey':
        picture = np.repeat(picture[..., None], 3 if shape == 'colour' else 4, axis=2)
    mask = decode_region(save(picture), SIZE, WHERE)
    np.testing.assert_array_equal(mask, blob())


@pytest.mark.parametrize('dtype', [bool, np.uint8, np.float32])
def test_masks_as_arrays(dtype):
    mask = decode_region(blob().astype(dtype), SIZE, WHERE)
    np.testing.assert_array_equal(mask, blob())


@pytest.mark.parametrize(
    ('region', 'message'),
    [
        (None, 'found the segmentation None, expected polygons'),
        ([], r'found the segmentation \[\], expected polygons'),
        ([1, 2, 3, 4, 5, 6], 'found the polygon 1, expected three or more points'),
        ([[1, 2, 3, 4]], r'found the polygon \[1, 2, 3, 4\], expected three'),
        ([[1, 2, 3, 4, 5, 6, 7]], 'expected three or more points'),
        ([[1, 2, 3, 4, 5, 'x']], r"'x'\], expected coordinates on the 32x24"),
        ([[1, 2, 3, 4, 5, float('nan')]], r'nan\], expected coordinates on'),
        (
            [[1, 2, 3, 4, 5e8, 6]],
            r'500000000.0, 6\], expected coordinates on the 32x24',
        ),
        ([[1, 2, 5, 2, 9, 2]], 'found an empty region'),
        (dict(counts=[768]), "found run lengths without 'size'"),
        (dict(size=[24, 32]), "found run lengths without 'counts'"),
        (dict(size=[32, 24], counts=[768]), r'of size \[32, 24\], expected .*\[24, 32'),
        (dict(size=[24, 32], counts=7), 'found the counts 7, expected a list'),
        (dict(size=[24, 32], counts=[9, 9]), 'run lengths of 18 pixels, expected 768'),
        (dict(size=[24, 32], counts=[9, -9, 768]), 'expected 768, those of the 32x24'),
        (dict(size=[24, 32], counts=[9, 'x']), 'expected 768, those of the 32x24'),
        (dict(size=[24, 32], counts='hello'), 'run lengths of .* expected 768'),
        (dict(size=[24, 32], counts='P1'), 'found run lengths of 32 pixels'),
        (dict(size=[24, 32], counts=[768]), 'found an empty region, expected one'),
        (np.zeros(SIZE), 'found an empty region, expected one that covers'),
        (np.ones((32, 24)), 'found a mask of 24x32 pixels, expected 32x24 as the'),
        (np.ones((*SIZE, 3)), 'found a mask of 32x24x3 pixels, expected 32x24'),
        (np.arange(768).reshape(SIZE), 'found a mask of 768 values, expected two'),
    ],
)
def test_wrong_regions(region, message):
    with pytest.raises(ValueError, match=message) as error:
        decode_region(region, SIZE, WHERE)
    assert str(error.value).startswith(f'{WHERE}: found')
    assert '\n' not in str(error.value)


def test_wrong_mask_files(save, tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.png: found no such mask'):
        decode_region(str(tmp_path / 'absent.png'), SIZE, WHERE)
    (tmp_path / 'text.png').write_text('no picture')
    with pytest.raises(ValueError, match='text.png: found an unreadable or'):
        decode_region(tmp_path / 'text.png', SIZE, WHERE)
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[4:8, 4:8] = (255, 0, 0)
    with pytest.raises(ValueError, match='mask.png: found colours, expected a mask of'):
        decode_region(save(colours), SIZE, WHERE)
    with pytest.raises(ValueError, match=r'mask.jpg: found a mask of \d+ values'):
        decode_region(save(blob() * 255, 'mask.jpg'), SIZE, WHERE)
