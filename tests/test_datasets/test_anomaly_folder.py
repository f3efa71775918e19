# Copyright (c) mmacnn authors. All rights reserved.
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.datasets import AnomalyFolderDataset
from mmacnn.datasets.anomaly_folder import choose_held_out, list_categories
from mmacnn.registry import DATASETS


def write(path, value=90, size=(8, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


@pytest.fixture
def root(tmp_path):
    """MVTec AD's layout: one category, ten good images, two kinds of defect."""
    for number in range(10):
        write(tmp_path / f'bottle/train/good/{number:03}.png')
    for kind in ('good', 'crack', 'bend'):
        for number in range(2):
            write(tmp_path / f'bottle/test/{kind}/{number:03}.png')
            if kind != 'good':
                write(tmp_path / f'bottle/ground_truth/{kind}/{number:03}_mask.png')
    (tmp_path / 'license.txt').write_text('none')
    return tmp_path


def load(root, **settings):
    settings = dict(data_root=str(root), category='bottle') | settings
    dataset = AnomalyFolderDataset(**settings)
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def names(infos):
    return {Path(info['img_path']).name for info in infos}


def test_test_images(root):
    infos = load(root, subset='test')
    kinds = [info['defect_kind'] for info in infos]
    assert kinds == ['good', 'good', 'bend', 'bend', 'crack', 'crack']
    assert [info['gt_label'] for info in infos] == [0, 0, 1, 1, 1, 1]
    assert infos[0]['img_path'] == str(root / 'bottle/test/good/000.png')
    assert infos[0]['mask_path'] is infos[1]['mask_path'] is None
    expected = root / 'bottle/ground_truth/crack/001_mask.png'
    assert infos[5]['mask_path'] == str(expected)


def test_training_and_held_out_images_are_all_the_good_ones(root):
    train, val = load(root), load(root, subset='val')
    assert len(train) == 9 and len(val) == 1
    assert names(train) | names(val) == {f'{n:03}.png' for n in range(10)}
    assert all(info['gt_label'] == 0 for info in train + val)
    assert 'mask_path' not in train[0]
    assert len(load(root, val_fraction=0)) == 10


def test_it_is_registered_and_names_its_classes(root):
    name = 'mmacnn.AnomalyFolderDataset'
    settings = dict(type=name, data_root=str(root / 'bottle'))
    dataset = DATASETS.build(settings)  # the category itself as data_root
    assert dataset.metainfo['classes'] == ('good', 'defect')
    assert len(dataset) == 9


def test_masks_are_unknown_without_their_folder(root):
    infos = load(root, subset='test', mask_dir='absent')
    assert not any('mask_path' in info for info in infos)


def test_other_names(root):
    os.rename(root / 'bottle/train', root / 'bottle/learn')
    os.rename(root / 'bottle/learn/good', root / 'bottle/learn/ok')
    os.rename(root / 'bottle/test/good', root / 'bottle/test/ok')
    os.rename(root / 'bottle/test', root / 'bottle/check')
    os.rename(root / 'bottle/ground_truth', root / 'bottle/masks')
    for mask in root.glob('bottle/masks/*/*'):
        mask.rename(str(mask).replace('_mask.png', '.png'))
    settings = dict(good='ok', train_dir='learn', test_dir='check')
    settings |= dict(mask_dir='masks', mask_suffix='.png')
    infos = load(root, subset='test', **settings)
    assert [info['defect_kind'] for info in infos[:3]] == ['ok', 'ok', 'bend']
    assert infos[2]['mask_path'] == str(root / 'bottle/masks/bend/000.png')
    assert len(load(root, **settings)) == 9


def test_a_validation_folder_takes_the_place_of_held_out_images(root):
    for path in ('good/a.png', 'crack/b.png'):
        write(root / 'bottle/validation' / path)
    settings = dict(val_dir='validation')
    assert len(load(root, **settings)) == 10
    infos = load(root, subset='val', **settings)
    assert [info['gt_label'] for info in infos] == [0, 1]


def test_held_out_images_depend_on_names_alone():
    files = [f'{number:03}.png' for number in range(100)]
    chosen = choose_held_out(files, 0.2)
    assert len(chosen) == 20
    assert choose_held_out(files[::-1], 0.2) == chosen
    # Some more images, and nearly the same ones are held out.
    more = choose_held_out(files + ['x.png', 'y.png', 'z.png'], 0.2)
    assert len(more & chosen) >= 18
    assert choose_held_out(files, 0) == set()
    assert len(choose_held_out(files[:2], 0.01)) == 1
    assert len(choose_held_out(files[:2], 0.99)) == 1


def test_categories(root):
    (root / 'extra').mkdir()
    write(root / 'cable/train/good/0.png')
    assert list_categories(str(root)) == ['bottle', 'cable']
    with pytest.raises(FileNotFoundError, match='absent: found no such folder'):
        list_categories(str(root / 'absent'))


@pytest.mark.parametrize(
    ('settings', 'error', 'message'),
    [
        (dict(subset='tests'), ValueError, "subset is 'tests', expected one of train,"),
        (
            dict(val_fraction=1),
            ValueError,
            r'val_fraction is 1, expected a number in \[0, 1',
        ),
        (dict(data_root='absent'), FileNotFoundError, 'absent: found no such folder'),
        (
            dict(category='botle'),
            FileNotFoundError,
            'botle: found no such category, expected one of bottle .`category` in the',
        ),
        (
            dict(category=''),
            FileNotFoundError,
            "train: found no such folder, expected one with 'good' in it, or one of "
            'bottle',
        ),
        (
            dict(subset='val', val_fraction=0),
            ValueError,
            'no image for validation since',
        ),
        (
            dict(subset='test', test_dir='absent'),
            FileNotFoundError,
            'bottle/absent: found no such folder',
        ),
        (
            dict(subset='test', mask_suffix='.png'),
            FileNotFoundError,
            'bend/000.png: found no such mask, expected one for .*test/bend/000.png',
        ),
    ],
)
def test_wrong_settings(root, settings, error, message):
    with pytest.raises(error, match=message):
        load(root, **settings)


def test_defects_among_the_training_images(root):
    write(root / 'bottle/train/crack/000.png')
    with pytest.raises(ValueError, match="train/crack: found a folder that is not 'g"):
        load(root)


def test_no_good_image(root):
    for path in root.glob('bottle/train/good/*'):
        path.unlink()
    with pytest.raises(ValueError, match='train/good: found no image .*expected good'):
        load(root)
    (root / 'bottle/train/good').rmdir()
    with pytest.raises(FileNotFoundError, match='train/good: found no such folder'):
        load(root)


def test_one_image_only(root):
    for path in sorted(root.glob('bottle/train/good/*'))[1:]:
        path.unlink()
    for subset in ('train', 'val'):
        with pytest.raises(ValueError, match='train/good: found one image only, exp'):
            load(root, subset=subset)
    assert len(load(root, val_fraction=0)) == 1


def test_an_empty_kind(root):
    (root / 'bottle/test/dent').mkdir()
    with pytest.raises(ValueError, match='test/dent: found no image'):
        load(root, subset='test')


def test_no_kinds(root):
    write(root / 'bottle/check/000.png')
    with pytest.raises(ValueError, match='bottle/check: found no folder in it'):
        load(root, subset='test', test_dir='check')


@pytest.mark.parametrize('name', ['crack/007_mask.png', 'good/007_mask.png'])
def test_a_mask_that_fits_no_image(root, name):
    write(root / 'bottle/ground_truth' / name)
    with pytest.raises(ValueError, match=f'{name}: found a mask that fits no image'):
        load(root, subset='test')


def test_masks_of_a_kind_that_has_no_images(root):
    write(root / 'bottle/ground_truth/dent/000_mask.png')
    with pytest.raises(ValueError, match='dent: found masks of no kind of test image'):
        load(root, subset='test')


def test_two_images_of_one_mask(root):
    write(root / 'bottle/test/crack/000.jpg')
    with pytest.raises(ValueError, match='crack/000.png: found the mask .* of another'):
        load(root, subset='test')
