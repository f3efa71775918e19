# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.datasets import ClassFolderDataset, same_size_collate
from mmacnn.datasets.transforms import LoadDefectMask
from mmacnn.registry import FUNCTIONS


@pytest.fixture
def root(tmp_path):
    """Two good images, one defective with a mask; the names sort the other way."""
    for name in ('test/good/b.png', 'test/good/a.jpg', 'test/defective/deep/c.png'):
        write(tmp_path / name, np.full((8, 12, 3), 90, np.uint8))
    mask = np.zeros((8, 12), np.uint8)
    mask[2:4, 5] = 200
    write(tmp_path / 'masks/defective/deep/c.png', mask)
    (tmp_path / 'test/good/notes.txt').write_text('not an image')
    return tmp_path


def write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def load(root, classes=('good', 'defective'), **prefix):
    prefix = dict(img_path='test', mask_path='masks') | prefix
    return ClassFolderDataset(classes, str(root), prefix)


def test_labels_follow_the_classes_and_not_the_alphabet(root):
    dataset = load(root)
    assert dataset.metainfo['classes'] == ('good', 'defective')
    found = [dataset.get_data_info(i) for i in range(len(dataset))]
    paths = [info['img_path'].removeprefix(f'{root}/test/') for info in found]
    assert paths == ['good/a.jpg', 'good/b.png', 'defective/deep/c.png']
    assert [info['gt_label'] for info in found] == [0, 0, 1]
    masks = [info['mask_path'] for info in found]
    assert masks == [None, None, str(root / 'masks/defective/deep/c.png')]


def test_folders_0_and_1_need_no_names(root):
    (root / 'test/good').rename(root / 'test/0')
    (root / 'test/defective').rename(root / 'test/1')
    dataset = ClassFolderDataset(data_root=str(root), data_prefix=dict(img_path='test'))
    assert dataset.metainfo['classes'] == ('0', '1')
    assert 'mask_path' not in dataset.get_data_info(2)


def test_no_data_prefix_at_all(root):
    dataset = ClassFolderDataset(('good', 'defective'), str(root / 'test'))
    assert len(dataset) == 3


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (dict(img_path='absent'), FileNotFoundError, 'absent: found no such folder'),
        (
            dict(classes=('good', 'bad')),
            ValueError,
            'test/defective: found a folder that is no class, expected good, bad',
        ),
        (
            dict(classes=('good', 'defective', 'bent')),
            ValueError,
            "found no folder of class 'bent'",
        ),
        (dict(img_path='masks'), ValueError, r'found 1 class folders \(defective\)'),
        (
            dict(mask_path='absent'),
            FileNotFoundError,
            'absent/defective/deep/c.png: found no such mask',
        ),
    ],
)
def test_mistakes(root, change, error, message):
    with pytest.raises(error, match=message):
        load(root, **change)


def test_a_class_without_images(root):
    (root / 'test/defective/deep/c.png').unlink()
    with pytest.raises(ValueError, match='test/defective: found no image'):
        load(root)


def test_mask_is_read(root):
    image = np.zeros((8, 12, 3), np.uint8)
    info = load(root).get_data_info(2)
    mask = LoadDefectMask()(dict(img=image, **info))['gt_seg_map']
    assert mask.sum() == 2 and mask[2, 5] == mask[3, 5] == 1
    good = LoadDefectMask()(dict(img=image, mask_path=None))['gt_seg_map']
    assert good.shape == (8, 12) and not good.any()
    assert 'gt_seg_map' not in LoadDefectMask()(dict(img=image))


def test_mask_of_16_bits_whose_values_are_small(root):
    mask = np.zeros((8, 12), np.uint16)
    mask[2:4, 5] = 1
    info = load(root).get_data_info(2)
    write(root / 'masks/defective/deep/c.png', mask)
    found = LoadDefectMask()(dict(img=np.zeros((8, 12, 3), np.uint8), **info))
    assert (found['gt_seg_map'] == mask).all()


def test_mask_of_another_size(root):
    info = load(root).get_data_info(2)
    with pytest.raises(ValueError, match='c.png: found 8x12, expected a mask of 9x12'):
        LoadDefectMask()(dict(img=np.zeros((9, 12, 3), np.uint8), **info))


def sample(path, height):
    data_sample = DataSample(metainfo=dict(img_path=path))
    return dict(inputs=torch.zeros(3, height, 12), data_samples=data_sample)


def test_batches_of_one_size_are_stacked():
    assert FUNCTIONS.get('mmacnn.same_size_collate') is same_size_collate
    batch = same_size_collate([sample('a.png', 8), sample('b.png', 8)])
    assert batch['inputs'].shape == (2, 3, 8, 12)


def test_mixed_sizes_in_a_batch():
    with pytest.raises(ValueError, match='b.png: found 9x12 .* with a.png of 8x12'):
        same_size_collate([sample('a.png', 8), sample('b.png', 9)])
