# Copyright (c) mmacnn authors. All rights reserved.
"""A warning where the validation chooses on the images of the test."""

import pytest
from mmengine.config import Config

from mmacnn.engine.data_checks import warning_of_reused_test

STOPPING = [dict(type='EarlyStoppingHook', monitor='a')]
SAVING = dict(checkpoint=dict(type='CheckpointHook', save_best='a'))


@pytest.mark.parametrize(
    ('val', 'settings', 'expected'),
    [
        ('test', dict(default_hooks=SAVING), 'the best checkpoint will be chosen'),
        ('test', dict(custom_hooks=STOPPING), 'the last epoch will be chosen on the'),
        ('test', {}, ''),
        ('val', dict(default_hooks=SAVING, custom_hooks=STOPPING), ''),
        (None, dict(default_hooks=SAVING), ''),
    ],
)
def test_warning(val, settings, expected):
    loaders = {
        name: dict(dataset=dict(data_root='d', ann_file=f'{part}.json', pipeline=name))
        for name, part in dict(val=val, test='test').items()
        if part
    }
    cfg = {f'{name}_dataloader': loader for name, loader in loaders.items()}
    warning = warning_of_reused_test(Config(dict(cfg, **settings)))
    assert warning.startswith(expected) and bool(warning) == bool(expected)
