# Copyright (c) mmacnn authors. All rights reserved.
"""Classifiers of mmpretrain and detectors of mmdet, through MMDeploy's own paths."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import InstanceData

from .conftest import ROOT

onnx = pytest.importorskip('onnx')
pytest.importorskip('mmdeploy')
pytest.importorskip('onnxruntime')

from mmacnn.deploy import deploy  # noqa: E402

DEPLOY = ROOT / 'configs/deploy'
DETECTOR = ROOT / 'configs/canet/canet_r18_fpn_8e_synthetic-surface-defects.py'
RTMDET = ROOT / 'configs/canet/canet-rtmdet-tiny_cspnext_12e_detection-folders.py'
# Neither side is a multiple of 32: the network sees padding, in which no box may end.
SCALE = {'test_dataloader.dataset.pipeline.1.scale': (100, 75)}


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
        {'model.test_cfg.rcnn.max_per_img': 20, **SCALE},
    )
    domains = {node.domain for node in onnx.load(out / 'end2end.onnx').graph.node}
    assert domains == {''}
    assert '100.00%' in lines[-1] and 'of 0 labels' not in lines[-1]


def test_rtmdet_trains_and_is_exported(pictures):
    """Two steps of RTMDet with CANet's blocks; the boxes of all its levels."""
    cfg = Config.fromfile(RTMDET)
    cfg.model.backbone.backbone.init_cfg = None
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model)
        model.init_weights()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    objects = InstanceData(
        bboxes=torch.tensor([[9.0, 9.0, 30.0, 20.0]]), labels=torch.tensor([1])
    )
    images = [torch.randint(256, (3, 64, 96), dtype=torch.uint8) for _ in range(2)]
    for _ in range(2):
        samples = [DetDataSample(metainfo=dict(img_shape=(64, 96))) for _ in images]
        samples[0].gt_instances, samples[1].gt_instances = objects, objects[:0]
        data = model.data_preprocessor(dict(inputs=images, data_samples=samples), True)
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad.isfinite().all() for p in model.parameters())
        optimizer.step()
    for classes, sides in zip(
        model.bbox_head.rtm_cls, model.bbox_head.rtm_reg, strict=True
    ):
        classes.bias.data += 4.0
        sides.bias.data += 2.0  # cells: many boxes reach over the edge
    weights = pictures.parent / 'weights.pth'
    torch.save(model.state_dict(), weights)
    name = 'mmdet/detection_onnxruntime_dynamic.py'
    out, lines = export(name, RTMDET, weights, pictures, SCALE)
    assert '100.00%' in lines[-1] and 'of 0 labels' not in lines[-1]
    detail = json.loads((out / 'detail.json').read_text())
    assert detail['mmacnn']['input']['pad_divisor'] is None  # the graph pads
