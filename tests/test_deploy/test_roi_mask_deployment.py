# Copyright (c) mmacnn authors. All rights reserved.
"""Exported ROI-mask classifiers give PyTorch's scores, of any region."""

import json
from functools import cache

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from mmacnn.registry import MODELS
from mmacnn.synthetic import TASKS, write_dataset

from .conftest import ROOT

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('mmdeploy')

CONFIGS = ROOT / 'configs/roi_mask'


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Images of 96x96 with regions, a config that reads them, and a checkpoint."""
    root = tmp_path_factory.mktemp('regions')
    counts = dict(train=4, test=4)
    write_dataset(TASKS['regions'], root / 'data', counts, (96, 96), 0)
    return root


def config_of(root, name='roi-mask'):
    path = root / f'{name}.py'
    base = CONFIGS / f'{name}_resnet18_8e_synthetic-regions.py'
    settings = (
        f'dict(num_workers=0, persistent_workers=False, batch_size=4, '
        f'dataset=dict(data_root={str(root / "data")!r}))'
    )
    path.write_text(
        f'_base_ = [{str(base)!r}]\nwork_dir = {str(root / "work")!r}\n'
        f'train_dataloader = {settings}\ntest_dataloader = {settings}\n'
    )
    return str(path)


def samples_of(config):
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    return cfg, [dataset[i] for i in range(len(dataset))]


@pytest.fixture(scope='module')
def trained(root):
    """As if they had been trained: attention, and statistics of these images."""

    @cache
    def train(name):
        config = config_of(root, name)
        cfg, samples = samples_of(config)
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        for key, weight in model.named_parameters():
            if 'roi_mask' in key:
                torch.nn.init.normal_(weight)
        model.train()
        inputs = torch.stack([sample['inputs'] for sample in samples])
        for _ in range(10):
            model(**model.data_preprocessor(dict(inputs=inputs)))
        weights = str(root / f'{name}.pth')
        torch.save(dict(state_dict=model.state_dict()), weights)
        return config, weights

    return train


@pytest.fixture(scope='module')
def exported(root, trained, tmp_path_factory):
    from mmacnn.deploy import deploy

    @cache
    def export(deploy_cfg, name='roi-mask', verify=2):
        config, weights = trained(name)
        folder = tmp_path_factory.mktemp('exported') / deploy_cfg
        images = root / 'data/test/images'
        lines = deploy(
            str(ROOT / f'configs/deploy/roi_mask/{deploy_cfg}.py'),
            config,
            weights,
            str(next(images.iterdir())),
            str(folder),
            verify=verify,
            calibration_images=str(images),
        )
        return folder, lines

    return export


@pytest.mark.parametrize('name', ['roi-mask', 'roi-mask-stage3'])
def test_scores_of_every_region(exported, trained, name):
    folder, lines = exported('classification_onnxruntime_dynamic', name)
    assert '100.00% of 2 labels agree' in lines[-1]
    takes = json.loads((folder / 'detail.json').read_text())['mmacnn']['input']
    assert takes['channels'] == 'RGB+mask' and takes['shape'] == [None, 4, None, None]
    config, weights = trained(name)
    cfg, samples = samples_of(config)
    model = MODELS.build(cfg.model)
    model.load_state_dict(torch.load(weights, weights_only=True)['state_dict'])
    model.eval()
    inputs = torch.stack([sample['inputs'] for sample in samples])
    with torch.no_grad():
        predicted = model.test_step(dict(inputs=inputs))
    expected = torch.stack([sample.pred_score for sample in predicted])

    mean, std = (np.array(takes[key]).reshape(3, 1, 1) for key in ('mean', 'std'))
    images = inputs[:, [2, 1, 0, 3]].numpy().astype(np.float32)
    images[:, :3] = (images[:, :3] - mean) / std  # the mask stays as it is
    session = onnxruntime.InferenceSession(folder / 'end2end.onnx')
    (scores,) = session.run(None, {'input': images.astype(np.float32)})
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    # Other regions of the same images have other scores.
    images[:, 3] = 1 - images[:, 3]
    (others,) = session.run(None, {'input': images.astype(np.float32)})
    assert abs(others - scores).max() > 1e-3


def test_int8(exported):
    folder, _ = exported('classification_onnxruntime-int8_dynamic', verify=0)
    nodes = {node.op_type for node in onnx.load(folder / 'end2end.onnx').graph.node}
    assert 'QuantizeLinear' in nodes


def test_tensorrt_has_the_operators(root, trained, tmp_path):
    from mmacnn.deploy import deploy

    base = (
        ROOT / 'configs/deploy/roi_mask/classification_tensorrt-fp16_static-480x480.py'
    )
    mine = tmp_path / 'mine.py'
    mine.write_text(f"_base_ = ['{base}']\nir_config = dict(input_shape=(96, 96))\n")
    image = str(next((root / 'data/test/images').iterdir()))
    config, weights = trained('roi-mask')
    lines = deploy(str(mine), config, weights, image, str(tmp_path / 'out'))
    assert any('has every operator' in line for line in lines)
