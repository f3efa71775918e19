# Copyright (c) mmacnn authors. All rights reserved.
"""Every config is in the model zoo, and builds its model."""

from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from modelindex.load_model_index import load

from mmacnn.engine.model_zoo import model_index

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(
    path
    for path in (ROOT / 'configs').glob('*/*.py')
    if path.parent.name not in ('_base_', 'deploy')
)
DEPLOY_CONFIGS = sorted((ROOT / 'configs/deploy').glob('[!_]*/*.py'))


def test_the_zoo_has_every_config_under_its_name():
    listed = {name: Path(entry['Config']) for name, entry in model_index().items()}
    assert listed == {path.stem: path for path in CONFIGS}


def test_openmmlab_reads_the_index():
    index = load(str(ROOT / 'model-index.yml'))
    index.build_models_with_collections()
    assert {model.name for model in index.models} == {path.stem for path in CONFIGS}
    weights = [model.weights for model in index.models if model.weights]
    assert all('://' in path or (ROOT / path).is_file() for path in weights)
    for collection in index.collections:
        assert (ROOT / collection.readme).is_file()
        assert (ROOT / collection.code['URL']).is_file()
        assert collection.paper['Title']


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_its_model_builds(path, monkeypatch):
    cfg = Config.fromfile(path)
    # On `meta` tensors have no memory: large models build like small ones. Only the
    # numbers that mmpretrain computes from a linspace have to be there.
    on_cpu = partial(torch.linspace, device='cpu')
    monkeypatch.setattr(torch, 'linspace', on_cpu)
    with DefaultScope.overwrite_default_scope(cfg.default_scope), torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert sum(p.numel() for p in model.parameters()) > 0


@pytest.mark.parametrize('path', DEPLOY_CONFIGS, ids=lambda path: path.stem)
def test_deploy_config_is_complete(path):
    cfg = Config.fromfile(path)
    assert {'backend_config', 'codebase_config', 'ir_config'} <= set(cfg)
