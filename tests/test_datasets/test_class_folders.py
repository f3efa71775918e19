# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.datasets import ClassFolderDataset, masks, same_size_collate
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


def load(root, classes=('good', 'defective'), **settings):
    prefix = dict(img_path='test', mask_path='masks')
    prefix |= {key: settings.pop(key) for key in prefix if key in settings}
    return ClassFolderDataset(classes, str(root), prefix, **settings)


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
            dict(mask_path='absent', test_mode=True),
            FileNotFoundError,
            'absent/defective/deep/c.png: found no such mask',
        ),
        (dict(mask_path='absent'), ValueError, 'absent: found no mask of any image'),
        (dict(mask_fraction=2), ValueError, 'mask_fraction is 2, expected'),
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


@pytest.fixture
def three_defects(root):
    """Three defective images, two of them with a mask."""
    image = cv2.imread(str(root / 'test/defective/deep/c.png'))
    for name in ('d', 'e'):
        write(root / f'test/defective/{name}.png', image)
    write(root / 'masks/defective/d.png', np.full((8, 12), 255, np.uint8))
    return root


@pytest.mark.parametrize(
    ('fraction', 'names'), [(1, ['d', 'c']), (0.5, ['d']), (0.01, ['d']), (0, [])]
)
def test_masks_on_some_images(three_defects, fraction, names):
    dataset = load(three_defects, mask_fraction=fraction, seed=1)
    found = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [info['gt_label'] for info in found] == [0, 0, 1, 1, 1]
    assert [info['mask_path'] for info in found[:2]] == [None, None]
    masked = [info['mask_path'][-5] for info in found[2:] if 'mask_path' in info]
    assert masked == names
    with pytest.raises(FileNotFoundError, match='e.png: found no such mask'):
        load(three_defects, test_mode=True)


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        (
            'good/a',
            1,
            'good/a.png: found a defect marked on .*/good/a.jpg, an image of',
        ),
        (
            'defective/x',
            1,
            r'defective/x.png: found a mask without an image \(1 in all',
        ),
        ('defective/e', None, 'e.png: found 4x4, expected a mask of 8x12'),
    ],
)
def test_masks_that_contradict_the_images(three_defects, name, value, message):
    size = (4, 4) if value is None else (8, 12)
    write(three_defects / f'masks/{name}.png', np.full(size, value or 0, np.uint8))
    with pytest.raises(ValueError, match=message):
        load(three_defects)


def test_an_empty_mask_of_a_defective_image_is_none(three_defects, monkeypatch):
    lines = []
    monkeypatch.setattr(masks, 'print_log', lambda line, **_: lines.append(line))
    write(three_defects / 'masks/defective/d.png', np.zeros((8, 12), np.uint8))
    dataset = load(three_defects)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert sum(info.get('mask_path') is not None for info in infos) == 1
    (line,) = lines
    assert 'd.png: found an empty mask of a defective image (1 in all)' in line


def test_an_empty_mask_of_a_good_image_is_fine(three_defects):
    write(three_defects / 'masks/good/a.png', np.zeros((8, 12), np.uint8))
    assert load(three_defects).get_data_info(0)['mask_path'] is None


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
