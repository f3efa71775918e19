# Copyright (c) mmacnn authors. All rights reserved.
"""Trainings that are killed again and again; ``kill_training.py`` says how."""

from pathlib import Path

import pytest

from mmacnn.engine.config import load_config
from mmacnn.synthetic import TASKS, write_dataset

from .test_train import run

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / 'tests/testing/kill_training.py'
EPOCHS = 3
SMALL = {
    'train_cfg.max_epochs': EPOCHS,
    'train_cfg.val_interval': 1,
    'default_hooks.logger.interval': 1,
}


def narrow(cfg, size):
    """Bring all pipelines to a size that trains in a moment."""
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        for step in loader.dataset.pipeline:
            if step['type'] == 'Resize':
                step['scale'] = size[::-1]


def acnn(tmp_path):
    """A-CNN that keeps one checkpoint and the best."""
    base = ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'
    data = tmp_path / 'data'
    write_dataset(TASKS['product-code'], data, dict(train=8, test=4), (120, 160), 0)
    options = {
        f'{name}_dataloader.dataset.data_root': str(data)
        for name in ('train', 'val', 'test')
    }
    options |= {
        'model.stn.roi_size': (24, 40),
        'model.stn.output_size': (24, 40),
        'default_hooks.checkpoint.max_keep_ckpts': 1,
        'default_hooks.checkpoint.save_best': 'accuracy/top1',
        'default_hooks.checkpoint.rule': 'greater',
    }
    cfg = load_config(str(base), cfg_options=SMALL | options)
    narrow(cfg, (120, 160))
    cfg.dump(tmp_path / 'acnn.py')
    return tmp_path / 'acnn.py'


def canet(tmp_path):
    """CANet with ResNet-18, a moving average of its weights, and mmengine's hook."""
    base = ROOT / 'configs/canet/canet_r18_fpn_8e_synthetic-surface-defects.py'
    data = tmp_path / 'data'
    write_dataset(TASKS['surface-defects'], data, dict(train=8, test=4), (96, 96), 0)
    options = {
        f'{name}_dataloader.dataset.data_root': str(data)
        for name in ('train', 'val', 'test')
    }
    options |= {
        f'{name}_evaluator.ann_file': str(data / 'test/annotations.json')
        for name in ('val', 'test')
    }
    options |= {
        'model.backbone.base_channels': 16,
        'model.neck.in_channels': [16, 32, 64, 128],
        'model.roi_head.bbox_head.fc_out_channels': 32,
        'custom_hooks': [dict(type='EMAHook', momentum=0.1)],
        'default_hooks.checkpoint.type': 'CheckpointHook',
        'default_hooks.checkpoint.save_best': 'coco/bbox_mAP',
        'default_hooks.checkpoint.rule': 'greater',
    }
    cfg = load_config(str(base), cfg_options=SMALL | options)
    narrow(cfg, (96, 96))
    cfg.dump(tmp_path / 'canet.py')
    return tmp_path / 'canet.py'


def check(config, folder, kills, seed):
    done = run(
        *(SCRIPT, config, folder / 'ordeal', '--kills', kills, '--seed', seed),
        cwd=folder,
        timeout=300 + 60 * kills,
    )
    assert done.returncode == 0, f'{done.stdout}\n{done.stderr}'
    print(done.stdout)  # the seed and the moments, for who wants them
    assert done.stdout.count('\nkill ') == kills
    assert 'ended as the uninterrupted one' in done.stdout


@pytest.mark.soak
def test_killed_trainings_end_as_an_uninterrupted_one(tmp_path):
    check(acnn(tmp_path), tmp_path, kills=3, seed=0)


@pytest.mark.soak
@pytest.mark.parametrize(('make', 'kills'), [(acnn, 60), (canet, 30)])
def test_many_kills(make, kills, tmp_path):
    check(make(tmp_path), tmp_path, kills=kills, seed=1)
