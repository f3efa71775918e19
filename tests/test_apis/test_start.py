# Copyright (c) mmacnn authors. All rights reserved.
"""From a folder to a config of one's own that builds and loads."""

import shlex
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from mmacnn.apis.start import start, trial
from mmacnn.apis.start.choice import METHODS
from mmacnn.apis.start.own_config import fit_size
from mmacnn.apis.start.recipes import RECIPES, WEIGHTS, anchor_scale
from mmacnn.cli import start as cli
from mmacnn.converters.labels.importer import ImportOptions
from mmacnn.engine.building import build_model
from mmacnn.engine.config import load_config
from mmacnn.registry import DATASETS
from mmacnn.synthetic import TASKS, write_dataset

CHOICES = {
    'product-code': 'acnn',
    'surface-defects': 'detection',
    'defect-folders': 'cam',
    'anomaly': 'anomaly',
    'regions': 'roi-mask',  # not chosen, but asked for
}


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Of the backbone, random ones."""
    path = tmp_path_factory.mktemp('weights') / 'lite0.pth'
    cfg = load_config('configs/cam/cam_efficientnet-lite0-s16_20e_class-folders.py')
    state = build_model(cfg).backbone.state_dict()
    torch.save(dict(state_dict={f'backbone.{k}': v for k, v in state.items()}), path)
    return str(path)


def make_source(task, folder):
    counts = dict(train=48 if task == 'defect-folders' else 12, test=4)
    write_dataset(TASKS[task], folder, counts, (96, 128), seed=0)
    return str(folder)


@pytest.mark.parametrize('task', CHOICES)
def test_a_method_and_a_config_that_loads(task, tmp_path, weights, monkeypatch):
    source = make_source(task, tmp_path / 'source')
    asked = CHOICES[task] if task == 'regions' else None
    report = start(source, str(tmp_path / 'out'), asked, weights)
    assert report.choice.method == CHOICES[task]
    assert set(report.choice.others) == set(CHOICES.values()) - {CHOICES[task]}
    cfg = load_config(report.config)
    # PatchCore keeps no images for validation.
    splits = ['train', 'test'] + ['val'] * (task != 'anomaly')
    for split in splits:
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            dataset = DATASETS.build(cfg[f'{split}_dataloader'].dataset)
        dataset.full_init()
        assert len(dataset) > 0
        assert dataset.data_root.startswith(str(tmp_path / 'out'))
    build_model(cfg)
    assert report.config in report.commands[1]
    tools = (
        'mmacnn analyse',
        'train.py',
        *['choose_map_threshold.py'] * (report.choice.method == 'cam'),
        'test.py',
        'report.py',
        'mmacnn inspect',
        'deploy.py',
    )
    for command, tool in zip(report.commands, tools, strict=True):
        assert tool in command
    (look,) = (shlex.split(c) for c in report.commands if 'mmacnn inspect' in c)
    assert Path(look[4]).is_file()
    assert ('--mask' in look) == (task == 'regions')
    assert task != 'regions' or Path(look[look.index('--mask') + 1]).is_file()
    if task == 'anomaly':
        return  # learned in one pass
    hook = cfg.default_hooks.checkpoint
    assert hook.interval == cfg.train_cfg.val_interval == 1
    assert hook.save_best and cfg.max_epochs <= 100
    if report.choice.method == 'cam':
        assert 1 < cfg.train_cfg.val_begin < cfg.max_epochs
    else:
        (stopping,) = cfg.custom_hooks
        assert hook.save_best == stopping.monitor
        assert 5 <= stopping.patience < cfg.max_epochs


def test_objects_that_lie_turned(tmp_path, weights):
    source = make_source('product-code', tmp_path / 'source')
    labels = sorted((tmp_path / 'source/train/labels').iterdir())
    for index, path in enumerate(labels):
        # 40 by 12 pixels of 128 by 96, one in three across; some a little turned.
        across, more = index % 3 == 0, index % 2
        wide, high = 40 - 2 * more, 12 + 4 * more
        wide, high = (high, wide) if across else (wide, high)
        text = f'{path.read_text().split()[0]} 0.5 0.5 {wide / 128:.4f} {high / 96:.4f}'
        path.write_text(text)
    report = start(source, str(tmp_path / 'out'), None, weights)
    cfg = load_config(report.config)
    assert report.choice.method == 'acnn' and 'straighten it' in report.choice.reason
    assert cfg.model.localizer.pose
    zoom = cfg.img_scale[0] / 128
    for side, true in zip(cfg.model.stn.roi_size, (12, 40), strict=True):
        assert true * zoom < side <= true * zoom * 1.2 + 16


def test_photographs_of_many_sizes(tmp_path, weights):
    for label in ('good', 'bad'):
        (tmp_path / 'source' / label).mkdir(parents=True)
        for index in range(30):
            image = np.full((40 + 2 * index, 90, 3), index, np.uint8)
            cv2.imwrite(str(tmp_path / f'source/{label}/{index}.png'), image)
    report = start(str(tmp_path / 'source'), str(tmp_path / 'out'), 'cam', weights)
    assert report.sizes.endswith(
        '90x69 (width x height) in the median, 30 sizes in all; each becomes '
        'img_scale, one side stretched up to 1.64 times against the other (95 % of '
        'them)'
    )
    cfg = load_config(report.config)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
            batch = next(iter(Runner.build_dataloader(loader, seed=0)))
            assert batch['inputs'].shape[1:] == (3, *cfg.img_scale[::-1])


def test_several_kinds_of_defect(tmp_path, weights):
    for label in ('good', 'pit', 'scratch'):
        (tmp_path / 'source' / label).mkdir(parents=True)
        for index in range(20):
            image = np.full((40, 60, 3), index, np.uint8)
            cv2.imwrite(str(tmp_path / f'source/{label}/{index}.png'), image)
    report = start(str(tmp_path / 'source'), str(tmp_path / 'out'), None, weights)
    assert report.choice.method == 'cam'
    cfg = load_config(report.config)
    model = build_model(cfg).train()
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        batch = next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0)))
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    sum(losses.values()).backward()
    assert list(losses) == ['loss'] and model.head.fc.weight.grad.abs().sum() > 0


def test_a_method_of_ones_own_choice(tmp_path, weights):
    source = make_source('defect-folders', tmp_path / 'source')
    report = start(source, str(tmp_path / 'out'), 'anomaly', weights)
    assert report.choice.method == 'anomaly'
    assert load_config(report.config).model.type == 'mmacnn.PatchCore'


def test_a_method_that_the_labels_do_not_allow(tmp_path, weights):
    folder = tmp_path / 'source' / 'good'
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / '0.png'), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ValueError, match='--method acnn: needs one object .* none'):
        start(str(folder.parent), str(tmp_path / 'out'), 'acnn', weights)
    assert not (tmp_path / 'out').exists()


def test_good_images_alone(tmp_path, weights):
    folder = tmp_path / 'source' / 'good'
    folder.mkdir(parents=True)
    for index in range(12):
        pixels = np.random.default_rng(index).integers(0, 256, (60, 80, 3), np.uint8)
        cv2.imwrite(str(folder / f'{index}.png'), pixels)
    report = start(str(folder.parent), str(tmp_path / 'out'), weights=weights)
    assert report.choice.method == 'anomaly'
    assert report.imported.images == dict(train=10, test=2)


def test_the_command_knows_the_methods():
    assert cli.METHODS == METHODS and cli.WEIGHTS == WEIGHTS


def test_missing_weights(tmp_path):
    source = make_source('anomaly', tmp_path / 'source')
    with pytest.raises(FileNotFoundError, match=r'lite0.pth: found no weights, expec'):
        start(source, str(tmp_path / 'out'), weights=str(tmp_path / 'lite0.pth'))
    assert not (tmp_path / 'out').exists()


def test_the_splits_of_the_source_stay(tmp_path, weights):
    source = make_source('product-code', tmp_path / 'source')
    options = ImportOptions(val_fraction=0.25)
    report = start(source, str(tmp_path / 'out'), weights=weights, options=options)
    assert report.imported.images['test'] == 4
    assert report.imported.images['val'] + report.imported.images['train'] == 12


@pytest.mark.parametrize(
    ('size', 'area', 'smallest', 'expected'),
    [
        ((448, 448), 256**2, None, (256, 256)),
        ((345, 848), 256**2, None, (160, 416)),
        # An object of 30 pixels would have 12: a third more brings it to 16.
        ((640, 640), 256**2, 30, (352, 352)),
        # At most twice the area, and never larger than the image.
        ((2000, 2000), 256**2, 2, (352, 352)),
        ((200, 200), 256**2, 2, (256, 256)),
    ],
)
def test_the_input_shows_small_objects(size, area, smallest, expected):
    assert fit_size(size, area, smallest, least=16) == expected


@pytest.mark.slow
def test_two_methods_are_tried_side_by_side(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(trial, 'EFFORT', 0.001)
    monkeypatch.setattr(trial, 'IMAGES', 24)
    for name in ('cam', 'anomaly'):
        small = replace(RECIPES[name], area=64**2)
        monkeypatch.setitem(RECIPES, name, small)
    source, out = make_source('defect-folders', tmp_path / 'source'), tmp_path / 'out'
    started = start(source, str(out), weights=weights)
    assert started.choice.fitting == ['cam', 'anomaly']
    page = trial.try_methods(started, source, str(out), weights)
    assert {path.name for path in out.iterdir()} == {'config.py', 'data', 'try'}
    text = Path(page).read_text()
    assert '>cam<' in text and '>anomaly<' in text
    train = load_config(str(out / 'try' / 'cam' / 'config.py')).train_dataloader
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        assert len(DATASETS.build(train.dataset)) == 24


@pytest.mark.parametrize(
    ('side', 'expected'), [(0.01, 1), (0.03, 2), (0.06, 4), (0.2, 8), (0.95, 8)]
)
def test_the_smallest_anchors_are_as_large_as_small_objects(side, expected):
    sizes = np.full((40, 2), side)
    sizes[0] = 0.001  # a single speck decides nothing
    assert anchor_scale(sizes, (256, 256)) == expected
