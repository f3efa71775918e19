# Copyright (c) mmacnn authors. All rights reserved.
"""Typing errors in keys, and settings that are those of all data sets."""

from pathlib import Path

import pytest

from mmacnn.engine.config import load_config
from mmacnn.utils import InputError

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(
    path for path in (ROOT / 'configs').glob('*/*.py') if 'deploy' not in path.parts
)
DATASETS = sorted((ROOT / 'configs/_base_/datasets').glob('*.py'))


def child(tmp_path, base, text):
    path = tmp_path / 'child.py'
    path.write_text(f'_base_ = {str(base)!r}\n{text}\n')
    return str(path)


@pytest.mark.parametrize(
    ('key', 'right'),
    [
        ('train_datalaoder', 'train_dataloader'),
        ('modle', 'model'),
        ('optim_wraper', 'optim_wrapper'),
    ],
)
def test_typing_errors_at_the_top(tiny_config, tmp_path, key, right):
    path = child(tmp_path, tiny_config, f'{key} = dict(batch_size=2)')
    message = f"child.py: found the key '{key}', expected '{right}', or allow_new_keys"
    with pytest.raises(InputError, match=message):
        load_config(path)
    allowed = child(tmp_path, tiny_config, f'{key} = 1\nallow_new_keys = [{key!r}]')
    load_config(allowed)


def test_variables_of_ones_own(tiny_config, tmp_path):
    names = 'max_epochs val_evaluator_full train_pipeline tta_pipeline conv_cfg scale'
    lines = [f'{name} = 8' for name in names.split()]
    load_config(child(tmp_path, tiny_config, '\n'.join(lines)))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_all_our_configs_pass(path):
    load_config(str(path))


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('modle.head.num_classes', 'expected model.head.num_classes'),
        ('seed', "found the key 'seed', which is not in the config"),
        ('default_hooks.chekpoint.interval', 'expected default_hooks.checkpoint'),
        ('category', 'no data set takes one'),
    ],
)
def test_typing_errors_in_options(tiny_config, option, message):
    with pytest.raises(InputError, match=message):
        load_config(str(tiny_config), cfg_options={option: 3})


def values(cfg, key):
    found, pending = [], [v for k, v in cfg.items() if k.endswith(('loader', 'uator'))]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            found += [value[key]] if value.get(key) is not None else []
            pending += value.values()
        elif isinstance(value, (list, tuple)):
            pending += value
    return found


@pytest.mark.parametrize('path', DATASETS, ids=lambda path: path.stem)
@pytest.mark.parametrize('place', ['child', 'option'])
def test_data_root_reaches_all_loaders_and_evaluators(path, tmp_path, place):
    if place == 'child':
        cfg = load_config(child(tmp_path, path, "data_root = 'mine'"))
    else:
        cfg = load_config(str(path), cfg_options={'data_root': 'mine'})
    assert set(values(cfg, 'data_root')) == {'mine'}
    loaders = [name for name in cfg if name.endswith('_dataloader')]
    assert len(values(cfg, 'data_root')) == len(loaders) >= 3
    if any('ann_file' in each for each in [cfg.test_evaluator] if 'type' in each):
        assert cfg.val_evaluator.ann_file.startswith('mine/')
        assert cfg.test_evaluator.ann_file.startswith('mine/')


@pytest.mark.parametrize('path', DATASETS, ids=lambda path: path.stem)
@pytest.mark.parametrize('place', ['child', 'option'])
def test_classes_reach_all_loaders(path, tmp_path, place):
    if place == 'child':
        cfg = load_config(child(tmp_path, path, "classes = ['a', 'b']"))
    else:
        cfg = load_config(str(path), cfg_options={'classes': ['a', 'b']})
    loaders = [name for name in cfg if name.endswith('_dataloader')]
    assert values(cfg, 'classes') == [['a', 'b']] * len(loaders)


@pytest.mark.parametrize('place', ['child', 'option'])
def test_img_scale_reaches_every_resize(tmp_path, place):
    path = ROOT / 'configs/_base_/datasets/class_folders.py'
    if place == 'child':
        cfg = load_config(child(tmp_path, path, 'img_scale = (320, 192)'))
    else:
        cfg = load_config(str(path), cfg_options={'img_scale': [320, 192]})
    assert values(cfg, 'scale') == [(320, 192)] * 3
    with pytest.raises(InputError, match='img_scale: no Resize'):
        base = ROOT / 'configs/_base_/datasets/neu_det.py'
        load_config(str(base), cfg_options={'img_scale': [320, 192]})


def test_a_data_set_that_was_given_another_root_keeps_it(tmp_path):
    base = ROOT / 'configs/_base_/datasets/neu_det.py'
    text = "data_root = 'a'\ntest_dataloader = dict(dataset=dict(data_root='b'))"
    cfg = load_config(child(tmp_path, base, text))
    assert sorted(values(cfg, 'data_root')) == ['a', 'a', 'b']
    options = {'data_root': 'c', 'test_dataloader.dataset.data_root': 'd'}
    cfg = load_config(str(base), cfg_options=options)
    assert sorted(values(cfg, 'data_root')) == ['c', 'c', 'd']


def test_an_option_that_would_change_nothing(tiny_config):
    options = {'data_root': 'c'}  # its loaders agree, without one at the top
    cfg = load_config(str(tiny_config), cfg_options=options)
    assert set(values(cfg, 'data_root')) == {'c'}
    text = tiny_config.read_text()
    tiny_config.write_text(
        f"{text}\nval_dataloader.update(dataset=dict(data_root='x'))"
    )
    with pytest.raises(InputError, match='tiny.py: --cfg-options data_root: the data'):
        load_config(str(tiny_config), cfg_options=options)
