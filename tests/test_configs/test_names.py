# Copyright (c) mmacnn authors. All rights reserved.
"""Config names: {method}_{backbone}[_{schedule}]_{dataset}.py, as in OpenMMLab."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

CONFIGS = Path(__file__).parents[2] / 'configs'
BACKBONES = (
    *(
        'alexnet',
        'convnext-tiny',
        'cspnext',
        'efficientnet-lite0_fpn',
        'efficientnet-lite0',
    ),
    'efficientnetv2-b0',
    *('mobilenetv3-large', 'r18_fpn', 'r50_fpn', 'resnet18'),
    *('resnet50', 'strided'),
)
# A backbone may name its stride (-s16). The schedule is left out if it is the default
# of the method, such as the published 192 epochs of DifferNet.
NAME = re.compile(
    rf'[a-z0-9-]+_({"|".join(BACKBONES)})(-s\d+)?'
    r'(_(\d+x|(\d+xb\d+-)?(?P<epochs>\d+)e))?_[a-z0-9-]+'
)
PATHS = sorted(
    path
    for path in CONFIGS.glob('*/*.py')
    if path.parent.name not in ('_base_', 'deploy')
)


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_a_config_name_has_its_parts(path):
    match = NAME.fullmatch(path.stem)
    assert match, 'expected {method}_{backbone}[_{schedule}]_{dataset}.py'
    if match['epochs']:
        config = Config.fromfile(path)
        assert config.train_cfg.max_epochs == int(match['epochs'])


@pytest.mark.parametrize(
    'name',
    ['acnn_demo', 'acnn_smooth-l1_demo', 'crop-resnet18_demo', 'A_r18_fpn_coco'],
)
def test_other_names_do_not_fit(name):
    assert not NAME.fullmatch(name)
