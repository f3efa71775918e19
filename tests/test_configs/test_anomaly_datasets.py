# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, METRICS, init_default_scope

import mmacnn  # noqa: F401
from mmacnn.engine.config import load_config

FOLDER = Path(__file__).parents[2] / 'configs/_base_/datasets'
SIZES = dict(
    mvtec_ad=448,
    mvtec_ad_256=256,
    insplad_fault=448,
    wafer=448,
    synthetic_anomaly=256,
)
MASKS = ('mvtec_ad', 'mvtec_ad_256', 'synthetic_anomaly')


def write(path, size, dtype=np.uint8):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, size)
    cv2.imwrite(str(path), image.astype(dtype))


@pytest.fixture
def root(tmp_path):
    """A category of its own in a folder: images of other sizes and depths."""
    for number, size in enumerate([(30, 40), (50, 20), (8, 9, 3), (9, 9, 4)] * 3):
        write(tmp_path / f'part/train/good/{number}.png', size)
    write(tmp_path / 'part/test/good/0.png', (30, 40), np.uint16)
    write(tmp_path / 'part/test/crack/0.png', (10, 60, 3))
    write(tmp_path / 'part/ground_truth/crack/0_mask.png', (10, 60))
    return tmp_path


def load(path, root, name, **options):
    options = {'category': 'part'} | options
    for loader in ('train', 'val', 'test', 'calibration'):
        options[f'{loader}_dataloader.dataset.data_root'] = str(root)
    return load_config(str(path), cfg_options=options)


@pytest.mark.parametrize('name', SIZES)
def test_batches(root, name):
    init_default_scope('mmpretrain')
    cfg = load(FOLDER / f'{name}.py', root, name)
    for subset, count in dict(train=11, val=1, calibration=1, test=2).items():
        dataset = DATASETS.build(cfg[f'{subset}_dataloader'].dataset)
        assert len(dataset) == count
        batch = pseudo_collate([dataset[index] for index in range(count)])
        shapes = {tuple(image.shape) for image in batch['inputs']}
        assert shapes == {(3, SIZES[name], SIZES[name])}
    first, second = batch['data_samples']
    assert int(first.gt_label) == 0 and int(second.gt_label) == 1
    assert second.defect_kind == 'crack'
    assert ('gt_seg_map' in second) == (name != 'wafer')
    if name in MASKS:
        assert first.gt_seg_map.shape == (SIZES[name], SIZES[name])
        assert not first.gt_seg_map.any() and second.gt_seg_map.any()
    METRICS.build(cfg.test_evaluator)


def test_a_derived_config_chooses_the_category_with_one_line(root, tmp_path):
    path = tmp_path / 'screw.py'
    path.write_text(f"_base_ = {str(FOLDER / 'mvtec_ad.py')!r}\ncategory = 'screw'\n")
    cfg = load_config(str(path))
    loaders = ('train', 'val', 'test', 'calibration')
    assert {cfg[f'{x}_dataloader'].dataset.category for x in loaders} == {'screw'}
    options = {'test_dataloader.dataset.category': 'nut'}
    cfg = load_config(str(path), cfg_options=options)
    assert cfg.test_dataloader.dataset.category == 'nut'
    assert cfg.train_dataloader.dataset.category == 'screw'
    cfg = load_config(str(path), cfg_options=dict(category='bolt'))
    assert cfg.category == cfg.test_dataloader.dataset.category == 'bolt'


def test_wrapped_data_sets_have_the_category_too(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(
        "category = 'a'\n"
        'train_dataloader = dict(dataset=dict(datasets=[dict(category="")]))\n'
    )
    cfg = load_config(str(path))
    assert cfg.train_dataloader.dataset.datasets[0].category == 'a'
