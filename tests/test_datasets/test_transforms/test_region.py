# Copyright (c) mmacnn authors. All rights reserved.
"""The region travels with its image, and some of it stays."""

import numpy as np
import pytest
from mmcv.transforms import RandomFlip

from mmacnn.datasets.transforms import (
    AddMaskChannel,
    BlackOutBackground,
    CropToRegion,
    LoadRegionMask,
    RandomRegionCrop,
    RegionResize,
    StandInRegion,
)

SIZE = (40, 60)
BOX = (12, 8, 30, 20)  # left, top, right, bottom


def region(box=BOX, size=SIZE):
    """An image that is white on the region and black elsewhere, and its mask."""
    left, top, right, bottom = box
    mask = np.zeros(size, np.uint8)
    mask[top:bottom, left:right] = 1
    return dict(img=np.repeat(255 * mask[..., None], 3, 2), gt_seg_map=mask)


def together(results):
    """Whether image and mask still lie on each other, but for the region's rim."""
    white = results['img'][..., 0] / 255
    return abs(white - results['gt_seg_map']).mean() < 0.06


def test_load_region_mask():
    results = dict(region(), img_path='a.png', region=[[2, 3, 8, 3, 8, 9, 2, 9]])
    results = LoadRegionMask()(results)
    assert results['gt_seg_map'].sum() == 36
    assert results['region_fraction'] == pytest.approx(36 / 2400)


def test_no_region():
    with pytest.raises(ValueError, match='a.png: found no region, expected one: of a'):
        LoadRegionMask()(dict(region(), img_path='a.png'))


def test_messages_name_the_annotation():
    results = dict(region(), img_path='a.png', instance_id=5, region=[[1, 2]])
    with pytest.raises(ValueError, match='a.png, annotation 5: found the polygon'):
        LoadRegionMask()(results)


def test_mask_channel():
    results = AddMaskChannel()(region())
    assert results['img'].shape == (*SIZE, 4) and results['img'].dtype == np.uint8
    np.testing.assert_array_equal(results['img'][..., 3], results['gt_seg_map'])
    with pytest.raises(ValueError, match=r'shape \(40, 60, 4\)'):
        AddMaskChannel()(results)


def test_black_out_background():
    results = region()
    results['img'] = np.full((*SIZE, 3), 90, np.uint8)
    before = results['img'].copy()
    results = BlackOutBackground(fill=(1, 2, 3))(results)
    on = results['gt_seg_map'] == 1
    assert (results['img'][on] == 90).all() and (results['img'][~on] == (1, 2, 3)).all()
    assert (before == 90).all()
    with pytest.raises(ValueError, match='BlackOutBackground: fill is 256'):
        BlackOutBackground(fill=(0, 0, 256))


@pytest.mark.parametrize(
    ('margin', 'size'), [(0, (12, 18)), (0.5, (24, 36)), (9, SIZE)]
)
def test_crop_to_region(margin, size):
    results = CropToRegion(margin)(region())
    assert results['gt_seg_map'].shape == results['img_shape'] == size
    assert results['gt_seg_map'].sum() == 12 * 18 and together(results)


@pytest.mark.parametrize(
    'box', [BOX, (0, 0, 60, 40), (5, 3, 58, 9), (59, 39, 60, 40), (30, 0, 31, 40)]
)
def test_random_crop_keeps_the_region(box):
    np.random.seed(0)
    crop = RandomRegionCrop((32, 48), area_range=(0.05, 1))
    for _ in range(50):
        results = crop(region(box))
        assert results['img'].shape == (32, 48, 3) and results['img_shape'] == (32, 48)
        assert results['gt_seg_map'].shape == (32, 48)
        assert results['gt_seg_map'].any()


def test_random_crop_moves_image_and_mask_together():
    np.random.seed(0)
    crops = [RandomRegionCrop(40, (0.3, 0.6))(region()) for _ in range(20)]
    assert all(map(together, crops))
    # The whole region fits into such a crop, in many sizes and places.
    areas = {int(crop['gt_seg_map'].sum()) for crop in crops}
    assert len(areas) > 10 and min(areas) > 0.8 * 216 * 1600 / 2400 / 0.6


def test_a_tiny_region_survives_a_smaller_size():
    for column in range(20, 26):
        results = RegionResize((8, 12))(region((column, 17, column + 1, 18)))
        assert results['gt_seg_map'].shape == (8, 12)
        assert results['gt_seg_map'].sum() == 1
        assert results['gt_seg_map'][3, column // 5] == 1


def test_resize_and_flip():
    results = RandomFlip(prob=1.0)(RegionResize((80, 60))(region()))
    assert together(results)
    assert CropToRegion()(results)['img_shape'] == (24, 18)


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: RandomRegionCrop(0), 'RandomRegionCrop: size is 0, expected'),
        (lambda: RandomRegionCrop((1, 2, 3)), r'size is \(1, 2, 3\), expected \(hei'),
        (lambda: RandomRegionCrop(8, (0.5, 0.2)), 'area_range is .*smallest value'),
        (lambda: RandomRegionCrop(8, (0.5, 2)), 'area_range is 2, expected'),
        (lambda: CropToRegion(-1), 'CropToRegion: margin is -1, expected'),
    ],
)
def test_mistakes(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_stand_in_region_follows_from_the_name():
    def stand_in(path, size=(50, 80)):
        results = dict(img=np.zeros((*size, 3), np.uint8), img_path=path)
        return StandInRegion()(results)

    one, same, other = map(stand_in, ('a/1.png', 'b/1.png', 'a/2.png'))
    np.testing.assert_array_equal(one['gt_seg_map'], same['gt_seg_map'])
    assert (one['gt_seg_map'] != other['gt_seg_map']).any()
    for name in range(20):
        results = stand_in(f'{name}.png', (9, 300))
        assert results['gt_seg_map'].shape == (9, 300)
        assert 0 < results['region_fraction'] < 0.6
    assert 'gt_seg_map' in StandInRegion()(dict(img=np.zeros((5, 5, 3), np.uint8)))
