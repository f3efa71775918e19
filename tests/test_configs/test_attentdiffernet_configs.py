# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmpretrain.structures import DataSample

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / 'configs/attentdiffernet'
CONFIGS = sorted(path.stem for path in FOLDER.glob('*.py'))


BANKS = [name for name in CONFIGS if name.startswith(('patchcore', 'padim'))]
FLOWS = [name for name in CONFIGS if name not in BANKS]


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8)


def predict(model, inputs):
    model.calibration.fit(torch.tensor([1.0, 2.0]), torch.zeros(2), torch.ones(2))
    model.eval()
    with torch.no_grad():
        (first, _) = model(inputs, mode='predict')
    assert first.pred_score.shape == (2,) and first.pred_heatmap.shape == (96, 96)


@pytest.mark.parametrize('name', FLOWS)
def test_trains_a_step_and_predicts(name, images):
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    init_default_scope(cfg.default_scope)
    model = cfg.model
    # Only narrower, and on smaller images; the features stay as many.
    if 'scales' in model.feature_extractor:
        count = len(model.feature_extractor.scales)
        model.feature_extractor.scales = (96, 80, 64)[:count]
        model.views.update(num_test=2, num_train=2)
    model.flow.update(num_blocks=2, hidden_channels=8)
    model = MODELS.build(model)
    data = model.data_preprocessor(dict(inputs=list(images)))
    model.train()
    model(data['inputs'], mode='loss')['loss'].backward()
    trained = {name for name, p in model.named_parameters() if p.grad is not None}
    attention = {name for name in trained if 'backbone' in name}
    assert bool(attention) == name.startswith(('attent', 'spatial-flow-'))
    assert any(name.startswith('core.flow.') for name in trained)
    predict(model, data['inputs'])


@pytest.mark.parametrize('name', BANKS)
def test_learns_a_bank_and_predicts(name, images):
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model).train()
    samples = [DataSample(metainfo=dict(sample_idx=index)) for index in range(2)]
    model.start(2)
    model.train_step(dict(inputs=list(images), data_samples=samples))
    model.fit()
    data = model.data_preprocessor(dict(inputs=list(images)))
    predict(model, data['inputs'])


@pytest.mark.parametrize('name', CONFIGS)
def test_a_checkpoint_is_saved_and_tested_at_the_end(name):
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    epochs = cfg.train_cfg.max_epochs
    assert epochs % cfg.default_hooks.checkpoint.interval == 0
    assert epochs % cfg.train_cfg.val_interval == 0
    hooks = [hook.type for hook in cfg.custom_hooks]
    first = ['mmacnn.MemoryBankHook'] if name in BANKS else []
    assert hooks == [*first, 'mmacnn.AnomalyThresholdHook']
    assert cfg.custom_hooks[-1].dataloader in cfg


def test_every_config_is_listed():
    listed = yaml.safe_load((FOLDER / 'metafile.yml').read_text())['Models']
    assert sorted(model['Name'] for model in listed) == CONFIGS
    assert all((ROOT / model['Config']).is_file() for model in listed)
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    assert 'configs/attentdiffernet/metafile.yml' in index
