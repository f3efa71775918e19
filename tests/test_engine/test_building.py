# Copyright (c) mmacnn authors. All rights reserved.
"""Mistakes in a config are one line that names it; bugs keep their type."""

import pytest
from mmengine.config import Config
from mmengine.registry import MODELS

from mmacnn.apis import train
from mmacnn.engine.building import build_model, config_errors
from mmacnn.engine.config import load_config
from mmacnn.utils import InputError


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'model.type': 'ImageClasifier'}, "type 'ImageClasifier'.*'ImageClassifier'"),
        ({'model.backbone.type': 'mmacnn.PlugnResNet'}, "'mmacnn.PluginResNet' meant"),
        (
            {'model.backbone.deepth': 18},
            "model.backbone.deepth: ResNet takes .*, expected 'depth'",
        ),
        ({'model.head.num_clases': 2}, "head.num_clases: .*, expected 'num_classes'"),
        (
            {'train_dataloader.dataset.pipeline.1.scal': 2},
            "train_dataloader.dataset.pipeline.1.scal: .*, expected 'scale'",
        ),
        (
            {'default_hooks.checkpoint.intervall': 2},
            "default_hooks.checkpoint.intervall: .*, expected 'interval'",
        ),
        ({'model.type': 'ACNN'}, "'ACNN'.*, expected 'mmacnn.ACNN'"),
        ({'model.type': 'acme.Net'}, "'acme' must be imported by custom_imports"),
        ({'model.head.type': 'MyOwnHead'}, 'of your own .* custom_imports'),
        ({'runner_type': 'Runer'}, "runner_type: .*'Runner' meant"),
        (
            {'train_dataloader.collate_fn': dict(type='mmacnn.same_size_colate')},
            "collate_fn: .*'mmacnn.same_size_collate' meant",
        ),
        ({'model.backbone.depth': 19}, 'model: ResNet: invalid depth 19'),
        ({'model.head': dict(type='LinearClsHead')}, 'model: LinearClsHead: .*missing'),
        ({'model.head': dict(num_classes=2)}, 'model: .*must contain the key "type"'),
        ({'train_dataloader': dict(batch_size=2)}, 'train_dataloader: '),
        (
            {'train_dataloader.dataset.type': 'X'},
            "train_dataloader: found the type 'X'",
        ),
        ({'train_dataloader.dataset.rot': 1}, 'train_dataloader.dataset.rot: .*rot'),
        ({'optim_wrapper.optimizer.type': 'Adem'}, "'Adem'.*'Adam"),
        ({'optim_wrapper.optimizer.lr': -1}, 'optim_wrapper: AdamW: Invalid learning'),
        (
            {'param_scheduler.T_min': 4},
            'param_scheduler.T_min: CosineAnnealingLR takes',
        ),
        ({'custom_hooks': [dict(type='NoHook')]}, "found the type 'NoHook'"),
        ({'val_evaluator.type': 'Acuracy'}, "val_dataloader: .*'Accuracy' meant"),
    ],
)
def test_mistakes_in_a_config(tiny_config, tmp_path, options, message):
    for key in ('model.head', 'train_dataloader'):  # replaced, and not merged
        if key in options:
            options = {key: options[key] | dict(_delete_=True)}
    with pytest.raises(InputError, match=message) as error:
        train(str(tiny_config), work_dir=str(tmp_path), cfg_options=options)
    assert 'tiny.py' in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('model = dict(', 'a.py: .* was never closed'),
        ('model = nothing', "a.py: name 'nothing' is not defined"),
        ("_base_ = 'tiny.py'\nx = {{_base_.none}}", 'a.py: .*none'),
        ("custom_imports = dict(imports=['no_such_module'])", 'a.py: .*no_such_module'),
    ],
)
def test_files_that_are_no_config(tiny_config, tmp_path, text, message):
    (tmp_path / 'a.py').write_text(text)
    with pytest.raises(InputError, match=message):
        load_config(str(tmp_path / 'a.py'))


def test_arguments_that_a_subclass_hands_on():
    model = dict(type='mmacnn.PluginResNet', depth=18, deepth=18)
    with pytest.raises(InputError, match="deepth: mmacnn.PluginResNet .*'depth'"):
        build_model(Config(dict(model=model)))


@pytest.mark.parametrize(
    'line', ['None + 1', 'None.shape', '{}["a"]', 'int("a")', 'open(mode="r")']
)
def test_bugs_keep_their_type(line):
    """Of a class whose module is one of the package."""
    names = dict(__name__='mmacnn.models.toy')
    exec(f'class Toy:\n    def __init__(self):\n        {line}', names)
    with pytest.raises(Exception, match='.') as caught, config_errors('a.py'):
        MODELS.build(dict(type=names['Toy']))
    assert not isinstance(caught.value, InputError)
