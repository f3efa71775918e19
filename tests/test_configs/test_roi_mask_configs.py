# Copyright (c) mmacnn authors. All rights reserved.
"""Every ROI-mask config builds, trains a step and predicts on small images."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    FUNCTIONS,
    METRICS,
    MODELS,
    init_default_scope,
)

from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.synthetic.label_formats import run_lengths

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / 'configs/roi_mask').glob('*.py'))
SIZE = (96, 128)


def write_image(path, seed):
    image = np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), np.uint8)
    assert cv2.imwrite(str(path), image)


def square(index):
    mask = np.zeros(SIZE, bool)
    mask[4 * index : 4 * index + 20, 30:60] = True
    return mask


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """A few regions in the layout of each data set."""
    root = tmp_path_factory.mktemp('regions')
    counts = dict(train=3, test=3)
    write_dataset(TASKS['regions'], root / 'synthetic-regions', counts, (96, 96), 0)
    (root / 'coco/annotations').mkdir(parents=True)
    (root / 'region-folder/images').mkdir(parents=True)
    (root / 'region-folder/masks').mkdir()
    for split in ('train', 'val'):
        (root / f'coco/{split}2017').mkdir()
        content = dict(
            images=[],
            annotations=[],
            categories=[dict(id=i, name=f'c{i}') for i in range(80)],
        )
        for i in range(4):
            write_image(root / f'coco/{split}2017/{i}.jpg', i)
            content['images'].append(
                dict(id=i, file_name=f'{i}.jpg', height=SIZE[0], width=SIZE[1])
            )
            content['annotations'].append(
                dict(
                    id=i,
                    image_id=i,
                    category_id=20 * i,
                    bbox=[30, 4 * i, 30, 20],
                    area=600,
                    segmentation=run_lengths(square(i)),
                )
            )
        path = root / f'coco/annotations/instances_{split}2017.json'
        path.write_text(json.dumps(content))
    lines = ['image,mask,label']
    for i, label in enumerate(('brick', 'glass', 'metal', 'wood')):
        write_image(root / f'region-folder/images/{i}.jpg', i)
        cv2.imwrite(str(root / f'region-folder/masks/{i}.png'), square(i) * np.uint8(1))
        lines.append(f'{i}.jpg,{i}.png,{label}')
    for split in ('train', 'val', 'test'):
        (root / f'region-folder/{split}.csv').write_text('\n'.join(lines))
    return root


def batch_of(dataloader, data_root):
    dataset = DATASETS.build(dict(dataloader.dataset, data_root=str(data_root)))
    sampler = DATA_SAMPLERS.build(
        dict(dataloader.sampler), default_args=dict(dataset=dataset, seed=0)
    )
    collate = FUNCTIONS.get(dataloader.collate_fn.type)
    return collate([dataset[i] for i in list(sampler)[:4]])


@pytest.mark.parametrize(
    'path',
    [
        pytest.param(
            path, id=path.stem, marks=[pytest.mark.soak] * ('resnet50' in path.stem)
        )
        for path in CONFIGS
    ],
)
def test_config_trains_and_predicts(path, data):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    model.train()
    data_root = data / path.stem.rpartition('_')[2]
    batch = batch_of(cfg.train_dataloader, data_root)
    losses = model(**model.data_preprocessor(batch, training=True), mode='loss')
    losses['loss'].backward()
    assert losses['loss'].isfinite()
    assert all(p.grad is not None for p in model.parameters())

    model.eval()
    batch = batch_of(cfg.test_dataloader, data_root)
    has_mask = path.stem.startswith('roi-mask')
    assert batch['inputs'].shape[1] == (4 if has_mask else 3)
    with torch.no_grad():
        predictions = model.test_step(batch)
    metric = METRICS.build(cfg.test_evaluator[0])
    metric.process(None, [sample.to_dict() for sample in predictions])
    assert 0 <= metric.evaluate(4)['region/accuracy'] <= 100


def test_every_config_is_listed():
    assert len(CONFIGS) == 10
    metafile = yaml.safe_load((ROOT / 'configs/roi_mask/metafile.yml').read_text())
    listed = [model['Config'] for model in metafile['Models']]
    assert listed == [path.relative_to(ROOT).as_posix() for path in CONFIGS]
    assert 'configs/roi_mask/metafile.yml' in (ROOT / 'model-index.yml').read_text()


def test_synthetic_configs_differ_in_the_region_alone():
    names = (
        'roi-mask',
        'roi-mask-crop',
        'roi-mask-stage3',
        'no-mask',
        'blacked-out',
        'crop',
    )
    ours, *others = (
        Config.fromfile(
            ROOT / f'configs/roi_mask/{name}_resnet18_8e_synthetic-regions.py'
        )
        for name in names
    )
    for other in others:
        for key in ('optim_wrapper', 'param_scheduler', 'train_cfg', 'test_evaluator'):
            assert ours[key] == other[key]
        backbone = other.model.backbone
        assert backbone.get('backbone', backbone) == ours.model.backbone.backbone
        # Of the others' own there is one step, for training as for testing.
        for loader in ('train_dataloader', 'test_dataloader'):
            assert ours[loader].sampler == other[loader].sampler
            kinds = [
                {step.type for step in cfg[loader].dataset.pipeline}
                for cfg in (ours, other)
            ]
            assert kinds[1] - kinds[0] <= {
                'mmacnn.BlackOutBackground',
                'mmacnn.CropToRegion',
                'mmacnn.RegionResize',
            }
            assert kinds[0] - kinds[1] <= {'mmacnn.AddMaskChannel'}
