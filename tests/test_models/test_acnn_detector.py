# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torchvision.ops import nms

from mmacnn.engine.building import build_model
from mmacnn.engine.config import load_config
from mmacnn.models.detectors import acnn_detector
from mmacnn.models.detectors.acnn_detector import _best_of_overlapping
from mmacnn.models.heads import ROIBoxHead
from mmacnn.ops import gaussian_peaks, sample_roi, sample_rois_separable

from ..testing.paths import ROOT

CONFIG = ROOT / 'configs/acnn/acnn-several_strided_16e_detection-folders.py'


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    # The generalized mean is MMDeploy's to rewrite.
    neck = {'model.neck': dict(_delete_=True, type='mmpretrain.GlobalAveragePooling')}
    return build_model(load_config(str(CONFIG), cfg_options=neck))


@pytest.fixture
def samples():
    """Two objects, none, and one, on photographs that were twice as large."""
    generator = torch.Generator().manual_seed(0)
    samples = []
    for count in (2, 0, 1):
        corner = torch.rand(count, 2, generator=generator) * 60
        boxes = torch.cat((corner, corner + torch.tensor([30.0, 20.0])), 1)
        labels = torch.randint(4, (count,), generator=generator)
        meta = dict(img_shape=(96, 128), ori_shape=(192, 256), scale_factor=(0.5, 0.5))
        sample = DetDataSample(metainfo=meta)
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        samples.append(sample)
    return samples


def images(count=3):
    return torch.randn(count, 3, 96, 128, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize('chosen', [slice(None), slice(1, 2)], ids=['three', 'empty'])
def test_all_parts_learn(model, samples, chosen):
    samples = samples[chosen]
    losses = model.train().loss(images(len(samples)), samples)
    assert all(loss.isfinite() for loss in losses.values())
    model.zero_grad()
    sum(losses.values()).backward()
    learned = [p for p in model.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in learned)


def test_more_objects_than_peaks_are_said_once(model, samples, monkeypatch):
    monkeypatch.setattr(model, 'max_rois', 1)
    monkeypatch.setattr(model, 'most', 1)
    said = []
    monkeypatch.setattr(acnn_detector, 'print_log', lambda line, **_: said.append(line))
    for _ in range(2):
        model.train().loss(images(), samples)
    assert len(said) == 1 and 'objects on an image, 2, found 1' in said[0]


def test_detections_lie_where_the_heads_say(model, samples, monkeypatch):
    """Perfect fields and edges give the true boxes back, in pixels of the original."""
    fields = torch.zeros(3, 3, 12, 16)
    fields[:, 0] = -9
    edges = torch.zeros(3, model.max_rois, 4)
    for field, edge, sample in zip(fields, edges, samples, strict=True):
        for x0, y0, x1, y1 in sample.gt_instances.bboxes.tolist():
            x, y = (x0 + x1) / 16, (y0 + y1) / 16
            values = torch.tensor([9, x - int(x) - 0.5, y - int(y) - 0.5])
            field[:, int(y), int(x)] = values
        half = torch.tensor([30 / 80, 20 / 48]) / 2
        edge[:] = torch.cat((0.5 - half, 0.5 + half))
    sure = torch.zeros(3 * model.max_rois, 5)
    sure[:, 0] = 9
    monkeypatch.setattr(model, 'extract_feat', lambda images: fields)
    monkeypatch.setattr(model, '_read', lambda crops: (sure, edges.flatten(0, 1)))
    model.eval()
    monkeypatch.setattr(model, 'test_cfg', dict(model.test_cfg, score_thr=0.1))
    with torch.no_grad():
        results = model.predict(images(), samples)
    for result, sample in zip(results, samples, strict=True):
        found = result.pred_instances.bboxes / 2
        expected = sample.gt_instances.bboxes
        order = found[:, 0].argsort()
        expected = expected[expected[:, 0].argsort()]
        torch.testing.assert_close(found[order], expected, atol=1e-3, rtol=0)


def test_of_boxes_that_overlap_the_best_is_kept():
    box = torch.tensor([10.0, 10, 30, 20])
    boxes = torch.stack((box, box + 2, box + 100, box + 101, box + 40))[None]
    scores = torch.tensor([[0.3, 0.8, 0.9, 0.9, 0.1]])
    kept = _best_of_overlapping(boxes, scores, 0.5)
    # Two of the same score stay both: neither is better.
    assert kept.tolist() == [[0, 1, 1, 1, 1]]


def test_pairs_are_kept_as_by_torchvision():
    """Where no box meets more than one other, both ways of suppression are one."""
    generator = torch.Generator().manual_seed(0)
    corner = torch.arange(20)[:, None].repeat(1, 2) * 50.0
    boxes = torch.cat((corner, corner + 20), 1).repeat(2, 1)
    boxes[20:] += torch.rand(20, 1, generator=generator) * 20
    scores = torch.rand(40, generator=generator)
    kept = _best_of_overlapping(boxes[None], scores[None], 0.5)[0].nonzero()[:, 0]
    expected = nms(boxes, scores, 0.5).sort().values
    assert 20 < len(expected) < 40 and kept.tolist() == expected.tolist()


def test_box_head_learns_where_an_object_ends():
    """A rectangle of ones, anywhere: both edges of both axes, better than a cell."""
    torch.manual_seed(0)
    head = ROIBoxHead(1, 8)
    optimizer = torch.optim.Adam(head.parameters(), 0.03)
    for _ in range(150):
        corner, sides = torch.rand(32, 2) * 0.4, 0.2 + torch.rand(32, 2) * 0.4
        low, high = corner[:, :, None], (corner + sides)[:, :, None]
        inside = [
            ((c := (torch.arange(n) + 0.5) / n) > low[:, i]) & (c < high[:, i])
            for i, n in enumerate((16, 12))
        ]
        feature = (inside[0][:, None] & inside[1][:, :, None]).float()[:, None]
        error = (head(feature) - torch.cat((corner, corner + sides), 1)).abs()
        optimizer.zero_grad()
        error.mean().backward()
        optimizer.step()
    assert error.mean() < 1 / 16


def test_crops_of_several_are_those_of_one():
    image, centres = images(2), torch.rand(2, 5, 2)
    sizes = (24, 40), (30, 50)
    several = sample_rois_separable(image, centres, *sizes)
    each = sample_roi(image.repeat_interleave(5, 0), centres.flatten(0, 1), *sizes)
    torch.testing.assert_close(several, each, atol=2e-4, rtol=0)


def test_peaks_are_one_at_each_centre():
    heatmap = gaussian_peaks(torch.tensor([[0.1, 0.1], [0.9, 0.5]]), (1, 2), (10, 20))
    assert (heatmap == 1).nonzero().tolist() == [[1, 2], [5, 18]]
    assert gaussian_peaks(torch.zeros(0, 2), (1, 1), (4, 4)).sum() == 0


def test_exported_operators_are_those_of_tensorrt_8_2(model, tmp_path):
    onnx = pytest.importorskip('onnx')
    onnxruntime = pytest.importorskip('onnxruntime')
    from mmacnn.deploy.tensorrt.operators import unsupported_operators

    model = model.eval()
    forward, model.forward = model.forward, model.detect
    file = tmp_path / 'model.onnx'
    try:
        torch.onnx.export(model, images(1), file, opset_version=13, dynamo=False)
    finally:
        model.forward = forward
    assert unsupported_operators(onnx.load(file), '8.2') == []
    session = onnxruntime.InferenceSession(file)
    with torch.no_grad():
        expected = model.detect(images(1))
    found = session.run(None, {session.get_inputs()[0].name: images(1).numpy()})
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.from_numpy(one), other, atol=1e-3, rtol=1e-3)
