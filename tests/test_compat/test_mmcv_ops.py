# Copyright (c) mmacnn authors. All rights reserved.
import importlib
import importlib.machinery
import subprocess
import sys

import numpy as np
import pytest
import torch
import torchvision
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

import mmacnn  # noqa: F401
from mmacnn.compat import mmcv_ops

has_real_extension = bool(
    importlib.machinery.PathFinder.find_spec(
        'mmcv._ext', importlib.import_module('mmcv').__path__
    )
)
stand_in_only = pytest.mark.skipif(
    has_real_extension, reason='the full mmcv is installed: nothing stands in'
)


def random_boxes(number, size, generator):
    corners = torch.rand(number, 2, generator=generator) * size * 0.7
    sides = torch.rand(number, 2, generator=generator) * size * 0.3 + 1
    return torch.cat([corners, corners + sides], dim=1)


@stand_in_only
def test_stand_in_is_a_proper_module():
    extension = importlib.import_module('mmcv._ext')
    assert extension.__spec__.name == 'mmcv._ext'
    assert extension.__spec__.loader is not None
    assert importlib.util.find_spec('mmcv._ext') is extension.__spec__
    with pytest.raises(AttributeError):
        extension.__path__  # noqa: B018 (not a package)


def test_apply_twice_offers_one_stand_in():
    before = list(sys.meta_path)
    mmcv_ops.apply()
    assert sys.meta_path == before


def test_real_extension_wins(tmp_path, monkeypatch):
    """The finder comes last, so Python's own finders are asked before it."""
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').touch()
    (tmp_path / 'mmcv' / '_ext.py').write_text('real = True')
    code = 'import mmacnn, mmcv._ext; assert mmcv._ext.real'
    paths = [str(tmp_path), *filter(None, sys.path)]
    monkeypatch.setenv('PYTHONPATH', ':'.join(paths))
    subprocess.run([sys.executable, '-c', code], check=True, cwd=tmp_path)


def test_importing_the_package_imports_no_operators():
    code = (
        'import sys, mmacnn; '
        "heavy = {'mmcv', 'mmdet', 'mmpretrain', 'torchvision', 'mmengine.runner'}; "
        'assert not heavy & set(sys.modules), heavy & set(sys.modules)'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


@stand_in_only
def test_transformer_bricks_find_the_operators():
    code = 'import mmacnn, mmcv.cnn.bricks.transformer'
    done = subprocess.run(
        [sys.executable, '-W', 'always::UserWarning', '-c', code],
        check=True,
        capture_output=True,
        text=True,
    )
    assert 'Fail to import' not in done.stderr


def test_package_may_be_imported_after_mmpretrain():
    code = 'import mmpretrain.models, mmacnn, mmdet.models'
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.parametrize('iou_threshold', [0.1, 0.5, 0.9])
def test_nms_equals_torchvision(iou_threshold):
    from mmcv.ops import nms

    generator = torch.Generator().manual_seed(0)
    boxes = random_boxes(200, 100, generator)
    scores = torch.rand(200, generator=generator)
    kept, indices = nms(boxes, scores, iou_threshold)
    expected = torchvision.ops.nms(boxes, scores, iou_threshold)
    assert torch.equal(indices, expected)
    assert torch.equal(kept, torch.cat([boxes, scores[:, None]], dim=1)[expected])


def test_nms_counts_whole_pixels_with_offset():
    from mmcv.ops import nms

    # 10x10 pixels each, 5 columns shared: IoU 50 / 150 by pixels, 36 / 126 by edges.
    boxes = np.float32([[0, 0, 9, 9], [5, 0, 14, 9]])
    scores = np.float32([0.4, 0.9])
    assert nms(boxes, scores, 0.3, offset=1)[1].tolist() == [1]
    assert nms(boxes, scores, 0.35, offset=1)[1].tolist() == [1, 0]
    assert nms(boxes, scores, 0.3, offset=0)[1].tolist() == [1, 0]


def test_nms_takes_no_boxes_mixed_types_and_limits():
    from mmcv.ops import nms

    assert nms(torch.empty(0, 4), torch.empty(0), 0.5)[1].shape == (0,)
    boxes = torch.tensor([[0.0, 0, 4, 4], [8, 8, 12, 12], [20, 20, 24, 24]])
    scores = torch.tensor([0.25, 0.5, 0.125], dtype=torch.float16)
    assert nms(boxes, scores, 0.5)[1].tolist() == [1, 0, 2]
    assert nms(boxes, scores, 0.5, score_threshold=0.2)[1].tolist() == [1, 0]
    assert nms(boxes, scores, 0.5, max_num=1)[1].tolist() == [1]


@pytest.mark.parametrize('split_threshold', [10000, 50], ids=['at-once', 'by-class'])
def test_batched_nms_equals_torchvision(split_threshold):
    from mmcv.ops import batched_nms

    generator = torch.Generator().manual_seed(1)
    boxes = random_boxes(200, 50, generator)
    scores = torch.rand(200, generator=generator)
    classes = torch.randint(0, 3, (200,), generator=generator)
    cfg = dict(type='nms', iou_threshold=0.4, split_thr=split_threshold)
    kept, indices = batched_nms(boxes, scores, classes, cfg)
    expected = torchvision.ops.batched_nms(boxes, scores, classes, 0.4)
    assert indices.tolist() == expected.tolist()
    torch.testing.assert_close(kept[:, :4], boxes[expected])


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_roi_align_equals_torchvision(aligned, sampling_ratio):
    from mmcv.ops import RoIAlign

    generator = torch.Generator().manual_seed(2)
    features = torch.randn(2, 3, 20, 30, generator=generator, dtype=torch.float64)
    rois = random_boxes(5, 60, generator).double()
    rois = torch.cat([torch.tensor([[0.0], [1], [1], [0], [1]]).double(), rois], dim=1)
    one, other = (features.clone().requires_grad_() for _ in range(2))

    align = RoIAlign((4, 7), 0.5, sampling_ratio, aligned=aligned)
    pooled = align(one, rois)
    expected = torchvision.ops.roi_align(
        other, rois, (4, 7), 0.5, sampling_ratio or -1, aligned
    )
    torch.testing.assert_close(pooled, expected)

    weights = torch.randn(pooled.shape, generator=generator, dtype=torch.float64)
    (pooled * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)


def test_roi_align_gradient():
    from mmcv.ops import roi_align

    features = torch.randn(1, 1, 6, 6, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0, 0.7, 1.1, 4.2, 5.3]], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: roi_align(x, rois, (2, 2), 1.0, 2, 'avg', True), features
    )


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_roi_align_of_half_precision_features(dtype):
    from mmcv.ops import roi_align

    features = torch.randn(1, 2, 8, 8).to(dtype)
    rois = torch.tensor([[0, 1.0, 1, 6, 6]])
    pooled = roi_align(features, rois, (3, 3), 1.0, 2, 'avg', True)
    expected = roi_align(features.float(), rois, (3, 3), 1.0, 2, 'avg', True)
    assert pooled.dtype is dtype
    torch.testing.assert_close(pooled, expected.to(dtype))


@stand_in_only
def test_max_pooling_is_refused():
    from mmcv.ops import roi_align

    rois = torch.tensor([[0, 1.0, 1, 6, 6]])
    with pytest.raises(
        NotImplementedError, match=r"roi_align\(pool_mode='max'\) needs"
    ):
        roi_align(torch.randn(1, 1, 8, 8), rois, (2, 2), 1.0, 2, 'max', True)


@stand_in_only
def test_other_operators_name_themselves_when_called():
    from mmcv.ops import soft_nms

    with pytest.raises(NotImplementedError) as caught:
        soft_nms(torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([0.5]))
    message = str(caught.value)
    assert message.startswith('softnms needs the compiled operators of the full mmcv')
    assert 'mim install' in message
    assert '\n' not in message


@stand_in_only
def test_environment_report_says_what_runs():
    from mmcv.utils import collect_env

    assert 'torchvision' in collect_env()['MMCV Compiler']


def small_faster_rcnn():
    from mmengine.hub import get_config

    cfg = get_config('mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py').model
    cfg.backbone.update(depth=18, init_cfg=None, norm_cfg=dict(type='BN'))
    cfg.neck.update(in_channels=[64, 128, 256, 512], out_channels=32)
    cfg.rpn_head.update(in_channels=32, feat_channels=32)
    cfg.roi_head.bbox_roi_extractor.out_channels = 32
    cfg.roi_head.bbox_head.update(in_channels=32, fc_out_channels=64, num_classes=3)
    return cfg


def test_mmdet_faster_rcnn_trains_and_predicts():
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    torch.manual_seed(0)
    with_scope = Config(dict(model=small_faster_rcnn()))
    init_default_scope('mmdet')
    model = MODELS.build(with_scope.model)
    sample = DetDataSample(
        metainfo=dict(img_shape=(96, 128), ori_shape=(96, 128), scale_factor=(1, 1))
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[20.0, 30, 60, 80]]), labels=torch.tensor([1])
    )
    image = torch.randint(0, 255, (3, 96, 128), dtype=torch.uint8)
    data = dict(inputs=[image], data_samples=[sample])

    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    data_on_device = model.data_preprocessor(data, training=True)
    losses = model(**data_on_device, mode='loss')
    loss, _ = model.parse_losses(losses)
    loss.backward()
    gradient = model.roi_head.bbox_head.fc_cls.weight.grad
    assert loss.isfinite()
    assert gradient.abs().sum() > 0
    optimizer.step()

    model.eval()
    (prediction,) = model.test_step(data)
    boxes = prediction.pred_instances.bboxes
    assert boxes.shape[1] == 4
    assert len(boxes) == len(prediction.pred_instances.scores)


def test_mmpretrain_classifier_trains():
    from mmengine.hub import get_config
    from mmengine.optim import OptimWrapper
    from mmpretrain.structures import DataSample

    torch.manual_seed(0)
    init_default_scope('mmpretrain')
    model = MODELS.build(
        get_config('mmpretrain::resnet/resnet18_8xb16_cifar10.py').model
    )
    samples = [DataSample().set_gt_label(label) for label in (3, 7)]
    data = dict(
        inputs=[torch.randint(0, 255, (3, 32, 32), dtype=torch.uint8) for _ in samples],
        data_samples=samples,
    )
    before = model.head.fc.weight.detach().clone()
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    log = model.train_step(data, wrapper)
    assert log['loss'].isfinite()
    assert not torch.equal(model.head.fc.weight, before)
