# Copyright (c) mmacnn authors. All rights reserved.
"""Classifiers of mmpretrain and detectors of mmdet, through MMDeploy's own paths."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from .conftest import ROOT

onnx = pytest.importorskip('onnx')
pytest.importorskip('mmdeploy')
pytest.importorskip('onnxruntime')

from mmacnn.deploy import deploy  # noqa: E402

DEPLOY = ROOT / 'configs/deploy'
DETECTOR = ROOT / 'configs/canet/canet_r18_fpn_8e_synthetic-surface-defects.py'


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for i in range(2):
        noise = rng.integers(0, 255, (6, 8, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f'{i}.png'), cv2.resize(noise, (96, 72)))
    return folder


def export(name, config, weights, pictures, options=None):
    out = pictures.parent / 'out'
    lines = deploy(
        str(DEPLOY / name),
        str(config),
        str(weights),
        str(pictures / '0.png'),
        str(out),
        verify=2,
        verify_images=str(pictures),
        cfg_options=options,
    )
    return out, lines


def test_classifier(tiny_config, pictures):
    # MMDeploy's SDK wants a mean for each channel.
    grey = {
        'model.data_preprocessor.mean': [9] * 3,
        'model.data_preprocessor.std': [9] * 3,
    }
    cfg = Config.fromfile(tiny_config)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    weights = pictures.parent / 'weights.pth'
    torch.save(model.state_dict(), weights)
    name = 'mmpretrain/classification_onnxruntime_dynamic.py'
    out, lines = export(name, tiny_config, weights, pictures, grey)
    assert '2 images: 100.00% of 2 labels agree' in lines[-1]
    runtime = pytest.importorskip('mmdeploy_runtime')
    ((label, score),) = runtime.Classifier(str(out), 'cpu', 0)(
        np.zeros((9, 9, 3), 'u1')
    )
    assert label in (0, 1) and 0.5 <= score <= 1


@pytest.mark.soak
def test_canet_with_the_boxes_of_each_class(pictures):
    """Two classes that are nearly equal: a region's second class has its own box."""
    cfg = Config.fromfile(DETECTOR)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model)
        model.init_weights()
    head = model.roi_head.bbox_head
    head.fc_cls.weight.data *= 40
    head.fc_cls.weight.data[2] = head.fc_cls.weight.data[1] * 0.9995
    head.fc_reg.weight.data *= 200
    weights = pictures.parent / 'weights.pth'
    torch.save(model.state_dict(), weights)
    out, lines = export(
        'mmdet/detection_onnxruntime_dynamic.py',
        DETECTOR,
        weights,
        pictures,
        {'model.test_cfg.rcnn.max_per_img': 20},
    )
    domains = {node.domain for node in onnx.load(out / 'end2end.onnx').graph.node}
    assert domains == {''}
    assert '100.00%' in lines[-1] and 'of 0 labels' not in lines[-1]
