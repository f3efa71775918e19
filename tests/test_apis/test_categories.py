# Copyright (c) mmacnn authors. All rights reserved.
import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.apis import categories as module
from mmacnn.apis.categories import CategoryResults, format_categories, run_categories

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/run_categories.py'
MODEL = """
import torch
from mmengine.model import BaseModel
from mmacnn.registry import MODELS

@MODELS.register_module(force=True)
class DistanceFromMean(BaseModel):
    '''Scores an image by how far its mean is from that of the good ones.'''

    def __init__(self):
        super().__init__()
        self.mean = torch.nn.Parameter(torch.tensor(80.0))

    def forward(self, inputs, data_samples, mode):
        images = torch.stack(list(inputs)).float()
        distances = (images.mean((1, 2, 3)) - self.mean) ** 2
        if mode == 'loss':
            return dict(loss=distances.mean())
        for sample, distance in zip(data_samples, distances):
            sample.set_field(distance.reshape(1), 'pred_anomaly_score')
        return data_samples
"""
CONFIG = """
_base_ = {base!r}
custom_imports = dict(imports=['mmacnn', 'tiny_anomaly'], allow_failed_imports=False)
default_scope = 'mmpretrain'
model = dict(type='mmacnn.DistanceFromMean')
loader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root={data!r}, category='bottle'),
)
train_dataloader = loader
val_dataloader = loader
calibration_dataloader = loader
test_dataloader = loader
train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)
val_cfg = test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
log_level = 'ERROR'
"""


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8, 3), value, np.uint8))


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Two categories of good and brighter images, and one with a defect in train."""
    data = tmp_path / 'data'
    for category in ('bottle', 'cable', 'screw'):
        for number in range(3):
            write(data / category / f'train/good/{number}.png', 100)
            write(data / category / f'test/good/{number}.png', 100)
            write(data / category / f'test/crack/{number}.png', 101 + number)
    write(data / 'cable/train/crack/0.png', 0)
    base = Path(__file__).parents[2] / 'configs/_base_/datasets/mvtec_ad.py'
    (tmp_path / 'tiny_anomaly.py').write_text(MODEL)
    path = tmp_path / 'tiny.py'
    text = CONFIG.format(base=str(base), data=str(data))
    path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return path


def test_a_failing_category_and_going_on(config, tmp_path, monkeypatch, capsys):
    results = run_categories(str(config), work_dir='out')
    assert set(results.metrics) == {'bottle', 'screw'}
    assert results.metrics['bottle']['anomaly/image_auroc'] == 100
    assert 'cable/train/crack: found a folder' in results.errors['cable']
    assert 'cable: ' in capsys.readouterr().err
    content = json.loads((tmp_path / 'out/screw/result.json').read_text())
    assert content['metrics'] == results.metrics['screw']
    assert Path(content['checkpoint']).is_file()
    assert not (tmp_path / 'out/cable/result.json').exists()

    # Fixed: only this one is run.
    (tmp_path / 'data/cable/train/crack/0.png').unlink()
    (tmp_path / 'data/cable/train/crack').rmdir()
    trained = []

    def count(config, **settings):
        trained.append(settings['cfg_options']['category'])
        return train(config, **settings)

    train = module.train
    monkeypatch.setattr(module, 'train', count)
    results = run_categories(str(config), work_dir='out')
    assert list(results.metrics) == ['bottle', 'cable', 'screw'] and not results.errors
    assert trained == ['cable']
    table = (tmp_path / 'out/categories.md').read_text()
    assert table == format_categories(results) + '\n'
    with open(tmp_path / 'out/categories.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['category'] for row in rows] == ['bottle', 'cable', 'screw']
    assert float(rows[0]['image_auroc']) == 100

    with pytest.raises(ValueError, match='settings.json: found results of .*tiny.py'):
        run_categories(str(config), ['bottle'], 'out', {'train_cfg.max_epochs': 3})


def test_an_interrupted_training_goes_on(config, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'test', lambda *_, **__: 1 / 0)
    results = run_categories(str(config), ['bottle'], 'out')
    assert 'division' in results.errors['bottle']
    before = (tmp_path / 'out/bottle/epoch_1.pth').stat().st_mtime_ns
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    results = run_categories(str(config), ['bottle'], 'out')
    assert results.metrics['bottle']['anomaly/image_auroc'] == 100
    assert (tmp_path / 'out/bottle/epoch_1.pth').stat().st_mtime_ns == before


@pytest.mark.soak
def test_tool(config, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, TOOL, config, '--work-dir', 'out', *arguments],
            capture_output=True,
            text=True,
            env={'PYTHONPATH': f'{TOOL.parents[2]}:{tmp_path}', 'OMP_NUM_THREADS': '1'},
        )

    done = run('--categories', 'bottle', 'cable')
    assert done.returncode == 1
    assert '| bottle' in done.stdout and 'cable failed: ' in done.stdout
    wrong = run('--categories', 'botle')
    assert wrong.returncode == 2
    assert "no category 'botle', expected bottle, cable, screw" in wrong.stderr


def test_a_config_without_categories(tiny_config):
    with pytest.raises(
        ValueError, match='tiny.py: found no category in test_dataloader'
    ):
        run_categories(str(tiny_config))


def test_no_categories(config, tmp_path):
    options = {'test_dataloader.dataset.data_root': str(tmp_path / 'data/bottle')}
    with pytest.raises(ValueError, match='bottle: found no folder with training image'):
        run_categories(str(config), cfg_options=options)


def test_table():
    results = CategoryResults(
        {
            'bottle': {'anomaly/image_auroc': 99.0, 'anomaly/pro': 90.0},
            'screw': {'anomaly/image_auroc': 80.0, 'anomaly/image_auroc_bent': 70.0},
        },
        {'cable': 'no image'},
    )
    text = format_categories(results)
    lines = [line for line in text.splitlines() if '--' not in line]
    assert [line.strip('| ').split() for line in lines] == [
        ['category', '|', 'image_auroc', '|', 'pro'],
        ['bottle', '|', '99.00', '|', '90.00'],
        ['screw', '|', '80.00', '|', '-'],
        ['cable', '|', '-', '|', '-'],
        ['mean', 'of', '2', '|', '89.50', '|', '90.00'],
        [],
        ['cable', 'failed:', 'no', 'image'],
    ]
