# Copyright (c) mmacnn authors. All rights reserved.
"""Every A-CNN config builds, trains a step and predicts on generated photographs."""

import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import init_default_scope

from mmacnn.registry import DATASETS, MODELS
from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[2]
# The detector has a test of its own: tests/test_models/test_acnn_detector.py.
CONFIGS = sorted(
    path
    for path in (ROOT / 'configs/acnn').glob('*.py')
    if not path.stem.startswith('acnn-several')
)


@pytest.fixture(scope='module')
def photographs(tmp_path_factory):
    """Four photographs of each device, one of each class."""
    out = tmp_path_factory.mktemp('generated') / 'data'
    counts = dict(train=4, test=4)
    write_dataset(TASKS['product-code'], str(out), counts, (480, 640), seed=0)
    return out


@pytest.fixture(scope='module')
def real_photographs():
    root = Path(os.environ.get('MMACNN_REAL_DATA', ROOT.parent / 'shared/data'))
    if not (root / 'product_code').is_dir():
        pytest.skip(f'no photographs in {root} (MMACNN_REAL_DATA names their folder)')
    return root / 'product_code'


def train_and_predict(path, data_root):
    """Losses of one step on four images, their gradients, and the predictions."""
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    if 'backbone' in cfg.model.backbone:  # one with weights, which no clone has
        assert cfg.model.backbone.backbone.pop('init_cfg')['type'] == 'Pretrained'
    model = MODELS.build(cfg.model)
    model.init_weights()
    settings = dict(data_root=str(data_root), box_fraction=1.0)
    dataset = DATASETS.build(dict(cfg.train_dataloader.dataset, **settings))
    batch = default_collate([dataset[i] for i in range(4)])
    losses = model(**model.data_preprocessor(batch, training=True), mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, **settings))
    with torch.no_grad():
        predictions = model.eval().test_step(
            default_collate([dataset[i] for i in range(4)])
        )
    return model, losses, predictions


def check(model, losses, predictions):
    assert all(value.isfinite() for value in losses.values())
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    assert [len(sample.pred_score) for sample in predictions] == [4, 4, 4, 4]
    assert all(
        'pred_roi' in s or 'loss_localization' not in losses for s in predictions
    )


@pytest.mark.parametrize(
    'path', [p for p in CONFIGS if not p.stem.endswith('_product-code')]
)
def test_config_on_generated_photographs(path, photographs):
    check(*train_and_predict(path, photographs))


def test_config_on_real_photographs(real_photographs):
    path = ROOT / 'configs/acnn/acnn-opt_strided_8e_product-code.py'
    model, losses, predictions = train_and_predict(path, real_photographs)
    check(model, losses, predictions)
    assert sorted(s.gt_label.item() for s in predictions) == [0, 1, 2, 3]
    assert all(len(s.gt_bboxes) == 1 for s in predictions)
