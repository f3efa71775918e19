# Copyright (c) mmacnn authors. All rights reserved.
"""Every config's hooks can be built: the tests of the models never ask for them."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.visualization import Visualizer

from mmacnn.registry import HOOKS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(
    path
    for path in (ROOT / 'configs').glob('*/*.py')
    if path.parent.name not in ('_base_', 'deploy')
)
# Those that mmengine's runner has by itself can be set to None, no others.
OWN = {
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
}


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_hooks(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    Visualizer.get_instance('hooks')  # as the runner does
    for name, hook in cfg.default_hooks.items():
        assert HOOKS.build(hook) if hook is not None else name in OWN
    for hook in cfg.get('custom_hooks', ()):
        assert HOOKS.build(hook)
