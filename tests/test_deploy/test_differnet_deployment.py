# Copyright (c) mmacnn authors. All rights reserved.
"""Exported DifferNets give PyTorch's scores and decisions."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmacnn.deploy.tensorrt.operators import unsupported_operators
from mmacnn.ops.rotation import rotate_all
from mmacnn.registry import MODELS

from .conftest import ROOT

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('mmdeploy')

MODEL = """
_base_ = [{base!r}]
model = dict(
    feature_extractor=dict(scales=(96, 72), interpolation={interpolation!r}),
    flow=dict(in_channels=512, num_blocks=2, hidden_channels=16),
    views=dict(num_test=6, degrees={degrees}),
    views_at_once=4,
)
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(96, 96)),
    dict(type='mmpretrain.PackInputs'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""
DEPLOY = ROOT / 'configs/deploy/attentdiffernet'
FULL = ROOT / 'configs/attentdiffernet/attentdiffernet-cbam_alexnet_mvtec.py'


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    rng = np.random.default_rng(0)
    for index in range(3):
        pixels = rng.integers(0, 256, (40 + 20 * index, 64, 3))
        cv2.imwrite(str(folder / f'{index}.png'), pixels.astype(np.uint8))
    return folder


def trained(folder, degrees=180, interpolation='nearest', calibrate=True):
    """Config and checkpoint of a small model with a threshold."""
    config, weights = folder / 'model.py', folder / 'weights.pth'
    settings = dict(degrees=degrees, interpolation=interpolation)
    config.write_text(MODEL.format(base=str(FULL), **settings))
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for name, parameter in model.named_parameters():
        if 'cbam' in name:
            torch.nn.init.normal_(parameter, std=0.1)
    if calibrate:
        model.eval()
        scores = model(torch.randn(4, 3, 96, 96)).detach()
        model.calibration.fit(scores * torch.tensor([0.5, 0.9, 1.1, 2]), torch.zeros(4))
    torch.save(dict(state_dict=model.state_dict()), weights)
    return str(config), str(weights)


def export(name, tmp_path, images, **options):
    from mmacnn.deploy import deploy

    config, weights = trained(tmp_path, **options)
    folder = tmp_path / 'exported'
    lines = deploy(
        str(DEPLOY / f'{name}.py') if '/' not in name else name,
        config,
        weights,
        str(images / '0.png'),
        str(folder),
        verify=3,
        verify_images=str(images),
    )
    return config, weights, folder, lines


def check_model_folder(folder):
    detail = json.loads((folder / 'detail.json').read_text())['mmacnn']
    assert [o['name'] for o in detail['outputs']] == ['anomaly_score', 'score', 'label']
    assert isinstance(detail['outputs'][0]['threshold'], float)  # of the score
    assert detail['input']['size'] == [96, 96]
    assert not unsupported_operators(folder / 'end2end.onnx', '8.2')


@pytest.mark.parametrize(
    'options',
    [dict(degrees=180), dict(degrees=7, interpolation='bilinear')],
    ids=['published', 'fixed pose'],
)
def test_scores_are_pytorchs(tmp_path, images, options):
    name = 'anomaly_onnxruntime_dynamic-batch'
    config, weights, folder, lines = export(name, tmp_path, images, **options)
    assert '100.00% of 3 labels agree' in ' '.join(lines)
    check_model_folder(folder)
    cfg = Config.fromfile(config)
    model = MODELS.build(cfg.model)
    model.load_state_dict(torch.load(weights)['state_dict'])
    model.eval()
    batch = torch.randn(2, 3, 96, 96)
    samples = model(batch, mode='predict')
    session = onnxruntime.InferenceSession(folder / 'end2end.onnx')
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(None, {'input': batch.numpy()}), strict=True))
    for key, field in (
        ('anomaly_score', 'pred_anomaly_score'),
        ('score', 'pred_score'),
        ('label', 'pred_label'),
    ):
        expected = torch.stack([sample.get(field) for sample in samples])
        torch.testing.assert_close(
            torch.from_numpy(found[key]), expected, atol=1e-4, rtol=1e-4
        )


def test_no_threshold_is_one_line(tmp_path, images):
    with pytest.raises(ValueError, match='checkpoint has no threshold'):
        export('anomaly_onnxruntime_dynamic-batch', tmp_path, images, calibrate=False)
    assert not (tmp_path / 'exported').exists()


def test_other_models_configs_are_refused(tmp_path, images):
    name = str(ROOT / 'configs/deploy/cam/cam_onnxruntime_dynamic.py')
    with pytest.raises(ValueError, match="expected names out of .*'anomaly_score'"):
        export(name, tmp_path, images)


@pytest.mark.parametrize('size', [(9, 9), (8, 13)])
@pytest.mark.parametrize('degrees', [0, 7.5, 45, 90, 133, -20])
def test_gathered_rotation_is_the_sampled_one(size, degrees):
    from mmacnn.deploy import rewriters

    images = torch.randn(2, 3, *size)
    found = rewriters.rotate_all(images, degrees)
    torch.testing.assert_close(found, rotate_all(images, degrees), atol=2e-5, rtol=0)


@pytest.mark.parametrize('size', [(6, 9), (12, 5), (20, 30)])
def test_resizing_by_products_is_pytorchs(size):
    from mmacnn.deploy import rewriters
    from mmacnn.models.anomaly import MultiScaleFeatures

    class Extractor:
        interpolation = 'bilinear'

    images = torch.randn(2, 3, 12, 18)
    found = rewriters.resize(Extractor, images, size)
    expected = MultiScaleFeatures.resize(Extractor, images, size)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ('kernel', 'stride', 'dilation'),
    [(3, 2, 1), (5, 2, 1), (3, 1, 1), (4, 3, 1), (1, 2, 1), (3, 1, 2), (4, 1, 3)],
)
@pytest.mark.parametrize('size', [(12, 15), (7, 8)])
def test_padding_of_one_size_is_the_adaptive_one(
    monkeypatch, kernel, stride, dilation, size
):
    from types import SimpleNamespace

    from mmcv.cnn.bricks import Conv2dAdaptivePadding

    from mmacnn.deploy import rewriters

    context = SimpleNamespace(cfg=dict(ir_config=dict(dynamic_axes=None)))
    monkeypatch.setattr(rewriters.FUNCTION_REWRITER, 'get_context', lambda: context)
    conv = Conv2dAdaptivePadding(
        4, 6, kernel, stride=stride, dilation=dilation, groups=2
    )
    x = torch.randn(2, 4, *size)
    torch.testing.assert_close(rewriters.adaptive_padding__forward(conv, x), conv(x))
