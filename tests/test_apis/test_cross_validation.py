# Copyright (c) mmacnn authors. All rights reserved.
import json
import re
import runpy
import sys

import pytest

from mmacnn.apis import cross_validate, cross_validation
from mmacnn.engine.config import load_config

from ..testing.methods import METHODS, prepare
from ..testing.paths import ROOT


def test_each_image_is_held_out_once(tiny_config, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'out'
    arguments = [tiny_config, '--folds', 2, '--work-dir', out, '--cfg-options']
    arguments.append('train_cfg.max_epochs=1')
    monkeypatch.setattr(sys, 'argv', ['', *map(str, arguments)])
    for _ in range(2):  # the second call has nothing left to do
        runpy.run_path(str(ROOT / 'tools/cross_validation.py'), run_name='__main__')
    said = capsys.readouterr().out
    assert len(re.findall(r'^\| accuracy/top1 +\|', said, re.MULTILINE)) == 2
    data = json.loads((out / 'folds.json').read_text())
    values = [found['accuracy/top1'] for found in data['metrics']]
    assert data['mean']['accuracy/top1'] == pytest.approx(sum(values) / 2)
    held_out = []
    for number in (1, 2):
        cfg = load_config(str(out / f'fold_{number}.py'))
        assert cfg.work_dir == str(out / f'fold_{number}')
        learned, held = (
            cfg[f'{split}_dataloader'].dataset.indices for split in ('train', 'val')
        )
        assert sorted(learned + held) == list(range(8))
        # Four dark images come first, then four light ones.
        assert sum(index < 4 for index in held) == 2
        held_out += held
    assert sorted(held_out) == list(range(8))


@pytest.mark.parametrize(
    'name',
    [
        'canet',
        pytest.param('acnn_pose', marks=pytest.mark.soak),
        pytest.param('cam', marks=pytest.mark.soak),
        pytest.param('roi_mask', marks=pytest.mark.soak),
    ],
)
def test_a_fold_of_each_method_is_of_its_training_set(name, tmp_path, monkeypatch):
    config = prepare(METHODS[name], tmp_path)
    tested = []

    def train(config, **_):
        cfg = load_config(config)
        datasets = (cfg[f'{split}_dataloader'].dataset for split in ('train', 'val'))
        tested.append([cross_validation._list_images(each) for each in datasets])
        raise StopIteration

    monkeypatch.setattr(cross_validation, 'train', train)
    with pytest.raises(StopIteration):
        cross_validate(config, 2, str(tmp_path / 'out'))
    learned, held_out = ({image.path for image in each} for each in tested[0])
    assert learned and held_out and not learned & held_out
    assert all('train' in path for path in learned | held_out)


@pytest.mark.soak
def test_detections_of_a_fold_are_compared_with_its_images(tmp_path):
    config = prepare(METHODS['canet'], tmp_path)
    metrics = cross_validate(config, 2, str(tmp_path / 'out'))
    assert all(found['coco/bbox_mAP'] >= 0 for found in metrics)


@pytest.mark.parametrize(
    ('name', 'folds', 'message'),
    [
        ('attentdiffernet', 2, 'found good images alone, expected a data set with'),
        ('cam', 50, 'images or parts, expected one for each of the 50 folds or more'),
    ],
)
def test_mistakes(tmp_path, name, folds, message):
    config = prepare(METHODS[name], tmp_path)
    with pytest.raises(ValueError, match=message):
        cross_validate(config, folds, str(tmp_path / 'out'))
