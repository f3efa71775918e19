# Copyright (c) mmacnn authors. All rights reserved.
"""Every CAM config builds, trains a step and predicts on small photographs."""

import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, FUNCTIONS, MODELS, init_default_scope

from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / 'configs/cam').glob('*.py'))
SIZE = (96, 160)


@pytest.fixture(scope='module')
def photographs(tmp_path_factory):
    """Two of each class in the layout of each data set."""
    root = tmp_path_factory.mktemp('photographs')
    counts = dict(train=4, test=4)
    write_dataset(TASKS['defect-folders'], root / 'synthetic', counts, SIZE, seed=0)
    for folder in ('normal', 'defect'):
        (root / 'oliena' / folder).mkdir(parents=True)
        for i in range(2):
            grey = np.random.default_rng(i).integers(0, 256, SIZE, np.uint8)
            cv2.imwrite(str(root / 'oliena' / folder / f'{i}.png'), grey)
    return root


def batch_of(dataloader, data_root):
    dataset = DATASETS.build(dict(dataloader.dataset, data_root=str(data_root)))
    collate = FUNCTIONS.get(dataloader.collate_fn.type)
    return collate([dataset[i] for i in range(len(dataset))])


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains_and_predicts(path, photographs):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    model.train()
    data_root = photographs / ('oliena' if 'oliena' in path.stem else 'synthetic')
    for split in ('train', 'test'):
        if cfg.get('img_scale'):  # for images of any size
            for step in cfg[f'{split}_dataloader'].dataset.pipeline:
                if step.type == 'Resize':
                    step.scale = SIZE[::-1]
    batch = batch_of(cfg.train_dataloader, data_root)
    losses = model(**model.data_preprocessor(batch, training=True), mode='loss')
    losses['loss'].backward()
    assert losses['loss'].isfinite()
    learned = [p for p in model.parameters() if p.requires_grad]
    assert all(p.grad is not None for p in learned)

    model.eval()
    batch = batch_of(cfg.test_dataloader, data_root)
    with torch.no_grad():
        predictions = model.test_step(batch)
    stride = int(re.search(r'-s(\d+)_', path.stem)[1])
    assert model.head.stride == stride
    assert [sample.gt_label.item() for sample in predictions] == [0, 0, 1, 1]
    for sample in predictions:
        assert sample.pred_cam.shape == (1, SIZE[0] // stride, SIZE[1] // stride)
        assert sample.pred_mask.shape == sample.pred_heatmap.shape == SIZE
        assert (
            'gt_seg_map' in sample
            or 'class-folders' in path.stem
            or 'oliena' in path.stem
        )


def test_oliena_photographs_fit_the_configs():
    root = Path(os.environ.get('MMACNN_REAL_DATA', ROOT.parent / 'shared/data'))
    if not (root / 'oliena').is_dir():
        pytest.skip(f'no photographs in {root} (MMACNN_REAL_DATA names their folder)')
    cfg = Config.fromfile(ROOT / 'configs/cam/cam_mobilenetv3-large-s16_120e_oliena.py')
    init_default_scope(cfg.default_scope)
    batch = batch_of(cfg.test_dataloader, root / 'oliena')
    assert batch['inputs'].shape == (4, 3, 480, 752)
    assert [s.gt_label.item() for s in batch['data_samples']] == [0, 0, 1, 1]
