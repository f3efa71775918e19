# Copyright (c) mmacnn authors. All rights reserved.
"""The keys that the page on bad models names are in the configs that it is about."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import HOOKS, VISBACKENDS, init_default_scope

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/en/not_good_enough.md').read_text(encoding='utf-8')
OWN_DATA = [
    'cam/cam-joined_efficientnet-lite0-s4_20e_class-folders.py',
    'acnn/acnn-opt_strided_30e_yolo-roi.py',
    'acnn/acnn-pose_efficientnet-lite0_30e_yolo-roi.py',
    'canet/faster-rcnn-small_efficientnet-lite0_fpn_12e_detection-folders.py',
]


@pytest.mark.parametrize('name', OWN_DATA)
def test_knobs(name):
    cfg = Config.fromfile(ROOT / 'configs' / name)
    for key in ('img_scale', 'max_epochs', 'optim_wrapper.optimizer.lr'):
        assert key in PAGE
        place = cfg
        for part in key.split('.'):
            place = place[part]
    assert cfg.train_dataloader.batch_size and cfg.train_cfg.val_interval == 1
    assert cfg.default_hooks.checkpoint.save_best in PAGE
    assert not cfg.get('custom_hooks')  # or the page's would replace them


def test_the_config():
    code = re.search(r'```python\n(.*?)```', PAGE, re.DOTALL)[1]
    base = str(ROOT / 'configs')
    cfg = Config.fromstring(code.replace("'./", f"'{base}/"), '.py')
    assert cfg.max_epochs == cfg.train_cfg.max_epochs == cfg.param_scheduler[1].end
    init_default_scope(cfg.default_scope)
    for hook in cfg.custom_hooks:
        HOOKS.build(hook)
    assert all(VISBACKENDS.get(backend.type) for backend in cfg.visualizer.vis_backends)
    cam = Config.fromfile(ROOT / 'configs' / OWN_DATA[0]).model
    assert 'map_threshold' not in cam.head or cam.head.map_threshold == 0
