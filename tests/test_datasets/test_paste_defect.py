# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest

from mmacnn.datasets import ClassFolderDataset

GREY, DEFECT = 100, 160


@pytest.fixture
def folder(tmp_path):
    """Two good images and two defective ones with a square, outlined on one."""
    for name, side in (('good', 0), ('bad', 6)):
        (tmp_path / 'images' / name).mkdir(parents=True)
        for i in range(2):
            image = np.full((40, 60, 3), GREY, np.uint8)
            image[10 : 10 + side, 20 : 20 + side] = DEFECT
            cv2.imwrite(str(tmp_path / 'images' / name / f'{i}.png'), image)
    (tmp_path / 'masks' / 'bad').mkdir(parents=True)
    mask = (image[..., 0] == DEFECT) * np.uint8(255)
    cv2.imwrite(str(tmp_path / 'masks' / 'bad' / '0.png'), mask)
    return tmp_path


def build(folder, *transforms, **options):
    return ClassFolderDataset(
        classes=('good', 'bad'),
        data_root=str(folder),
        data_prefix=dict(img_path='images', mask_path='masks'),
        pipeline=[
            dict(type='mmacnn.LoadAnyDepthImage'),
            dict(type='mmacnn.LoadDefectMask'),
            *transforms,
        ],
        **options,
    )


def test_good_images_get_the_outlined_defect_and_its_mask(folder):
    np.random.seed(0)
    dataset = build(folder, dict(type='mmacnn.PasteDefect', prob=1.0))
    places = set()
    for results in (dataset[i % 2] for i in range(20)):
        defect = results['gt_seg_map'] > 0
        assert results['gt_label'] == 1
        assert 9 <= defect.sum() <= 100  # 6 x 6, resized by 0.7 to 1.4
        assert (results['img'][defect].mean() - GREY) > 0.5 * (DEFECT - GREY)
        assert abs(results['img'][~defect].mean() - GREY) < 3
        places.add(tuple(np.argwhere(defect)[0]))
    assert len(places) > 10


def test_other_images_stay(folder):
    pasted = build(folder, dict(type='mmacnn.PasteDefect', prob=1.0))
    plain = build(folder)
    for i in (2, 3):  # defective, one with a mask and one without
        assert pasted[i]['gt_label'] == 1
        assert ('gt_seg_map' in pasted[i]) == ('gt_seg_map' in plain[i])
        assert (pasted[i]['img'] == plain[i]['img']).all()
    no_masks = build(folder, dict(type='mmacnn.PasteDefect', prob=1.0), mask_fraction=0)
    assert no_masks[0]['gt_label'] == 0


@pytest.mark.parametrize('size', [(30, 300), (5, 6)])
def test_a_defect_larger_than_the_image_is_made_smaller(folder, size):
    image = np.full((*size, 3), GREY, np.uint8)
    cv2.imwrite(str(folder / 'images' / 'good' / '0.png'), image)
    dataset = build(
        folder, dict(type='mmacnn.PasteDefect', prob=1.0, scale_range=(8.0, 9.0))
    )
    results = dataset[0]
    assert results['gt_seg_map'].shape == size
    assert results['gt_seg_map'].any()
