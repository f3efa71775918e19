# Copyright (c) mmacnn authors. All rights reserved.
"""Exported A-CNNs give PyTorch's answers, in ONNX Runtime and in MMDeploy's SDK."""

import json
import os
import re

import cv2
import numpy as np
import pytest
import torch

from mmacnn.inference import Inspector

from .conftest import MODEL, ROOT, WEIGHTS

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('mmdeploy')

OUTPUTS = ('classification', 'detection', 'full')


@pytest.fixture(scope='module')
def reference(photographs):
    """What PyTorch says of each photograph: scores, centre, ROI."""
    inferencer = Inspector(str(MODEL), str(WEIGHTS), device='cpu').inferencer
    images = [cv2.imread(str(file)) for file in photographs]
    samples = inferencer.forward(inferencer.preprocess(images, photographs))
    return [
        [sample.get(f'pred_{name}').numpy() for name in ('score', 'centre', 'roi')]
        for sample in samples
    ]


def run(folder, images):
    """Outputs by name, for a batch of (480, 640, 3) uint8 images."""
    takes = json.loads((folder / 'detail.json').read_text())['mmacnn']['input']
    batch = np.stack(images)
    if takes['layout'] == 'NCHW':
        batch = (batch[..., ::-1] - np.array(takes['mean'])) / np.array(takes['std'])
        batch = batch.transpose(0, 3, 1, 2)
    session = onnxruntime.InferenceSession(folder / 'end2end.onnx')
    names = [output.name for output in session.get_outputs()]
    values = session.run(None, {'input': batch.astype(takes['dtype'])})
    return dict(zip(names, values, strict=True))


def check(outputs, expected):
    """Compare the outputs of one image, whatever the model gives."""
    scores, centre, roi = expected
    for name, value in outputs.items():
        if name in ('output', 'scores'):
            np.testing.assert_allclose(value, scores, atol=1e-4)
        elif name == 'centre':
            np.testing.assert_allclose(value, centre, atol=0.1 / 640)
        elif name == 'roi':
            np.testing.assert_allclose(value, roi, atol=0.1)
        elif name == 'dets':
            np.testing.assert_allclose(value[0, :4], roi, atol=0.1)
            np.testing.assert_allclose(value[0, 4], scores.max(), atol=1e-4)
        else:
            assert name == 'labels' and value == scores.argmax()


def test_some_regions_reach_over_the_edge(reference):
    rois = np.stack([roi for _, _, roi in reference])
    assert (rois.min(0)[:2] < 0).any() or (rois.max(0)[2:] > (640, 480)).any()
    assert len({scores.argmax() for scores, _, _ in reference}) > 1


@pytest.mark.parametrize('kind', OUTPUTS)
def test_static_model_agrees(kind, exported, photographs, reference):
    folder = exported(f'{kind}_onnxruntime_static-480x640')
    for file, expected in zip(photographs, reference, strict=True):
        outputs = run(folder, [cv2.imread(str(file))])
        check({name: value[0] for name, value in outputs.items()}, expected)


@pytest.mark.parametrize('kind', OUTPUTS)
def test_dynamic_model_agrees_on_a_batch(kind, exported, photographs, reference):
    folder = exported(f'{kind}_onnxruntime_dynamic')
    outputs = run(folder, [cv2.imread(str(file)) for file in photographs])
    for i, expected in enumerate(reference):
        check({name: value[i] for name, value in outputs.items()}, expected)


def test_dynamic_model_takes_another_size(exported, photographs):
    from mmengine.registry import DefaultScope

    from mmacnn.deploy.deploy_config import build_model
    from mmacnn.engine.checkpoint import load_checkpoint, load_weights
    from mmacnn.engine.config import load_config

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = build_model(load_config(str(MODEL)))
    load_weights(model, load_checkpoint(str(WEIGHTS)), '')
    image = cv2.resize(cv2.imread(str(photographs[0])), (480, 320))
    inputs = torch.from_numpy(image).permute(2, 0, 1)[None]
    with torch.inference_mode():
        (sample,) = model.test_step(dict(inputs=inputs))
    outputs = run(exported('full_onnxruntime_dynamic'), [image])
    expected = [sample.pred_score, sample.pred_centre, sample.pred_roi]
    check(
        {name: value[0] for name, value in outputs.items()},
        [value.numpy() for value in expected],
    )


@pytest.mark.parametrize(
    'name',
    [
        'classification_onnxruntime_static-480x640',
        'detection_onnxruntime_dynamic',
        'full_tensorrt-int8_dynamic-batch-480x640',
    ],
)
def test_operators_are_standard_and_those_of_tensorrt_8_2(name, exported):
    from mmacnn.deploy.tensorrt.operators import unsupported_operators

    model = onnx.load(exported(name) / 'end2end.onnx')
    assert {node.domain for node in model.graph.node} <= {'', 'ai.onnx'}
    assert 'GridSample' not in {node.op_type for node in model.graph.node}
    assert [opset.version for opset in model.opset_import if not opset.domain] == [13]
    assert unsupported_operators(model, '8.2') == []


def test_frames_are_normalised_by_the_first_convolution(exported):
    """And in the crop; no node writes all pixels anew for it."""
    model = onnx.load(exported('full_onnxruntime_static-480x640') / 'end2end.onnx')
    nodes = [node for node in model.graph.node if node.op_type != 'Constant']
    assert [node.op_type for node in nodes[:3]] == ['Cast', 'Transpose', 'Conv']


def test_int8_convolutions_still_find_and_read_the_code(
    exported, photographs, reference
):
    folder = exported('full_onnxruntime-int8_static-480x640')
    model = onnx.load(folder / 'end2end.onnx')
    quantized = {
        node.input[0].rpartition('_DequantizeLinear')[1]
        for node in model.graph.node
        if node.op_type == 'Conv' and '/backbone/' in node.name
    }
    assert quantized == {'_DequantizeLinear'}
    outputs = run(folder, [cv2.imread(str(photographs[0]))])
    scores, _, roi = reference[0]
    assert outputs['scores'][0].argmax() == scores.argmax()
    np.testing.assert_allclose(outputs['roi'][0], roi, atol=8)
    plain = exported('full_onnxruntime_static-480x640') / 'end2end.onnx'
    assert (folder / 'end2end.onnx').stat().st_size < 0.7 * plain.stat().st_size


def test_build_script_names_precision_and_shapes(exported):
    folder = exported('full_tensorrt-int8_dynamic-batch-480x640')
    script = folder / 'build_engine.sh'
    assert os.access(script, os.X_OK)
    command = re.sub(r' \\\n +', ' ', script.read_text()).splitlines()[-1]
    assert command == (
        'exec trtexec --onnx=end2end.onnx --saveEngine=end2end.engine --fp16 --int8 '
        '--workspace=256 --minShapes=input:1x480x640x3 --optShapes=input:1x480x640x3 '
        '--maxShapes=input:8x480x640x3 "$@"'
    )


def test_description_tells_how_to_feed_the_model(exported):
    folder = exported('full_onnxruntime_dynamic')
    ours = json.loads((folder / 'detail.json').read_text())['mmacnn']
    assert ours['input'] == dict(
        name='input',
        dtype='uint8',
        shape=[None, None, None, 3],
        depth=None,
        layout='NHWC',
        size=[480, 640],
        channels='BGR',
        mean=None,
        std=None,
        keep_ratio=False,
        pad_divisor=None,
        pad_value=0,
    )
    shapes = {output['name']: output['shape'] for output in ours['outputs']}
    assert shapes == dict(scores=[None, 4], centre=[None, 2], roi=[None, 4])
    assert len(ours['classes']) == 4


@pytest.mark.parametrize(
    'name',
    [
        'classification_onnxruntime_static-480x640',
        'detection_onnxruntime_dynamic',
        'detection_tensorrt_frames',
    ],
)
def test_sdk_agrees_on_frames_of_another_size(name, exported, photographs, tmp_path):
    runtime = pytest.importorskip('mmdeploy_runtime')
    inspector = Inspector(str(MODEL), str(WEIGHTS), device='cpu')
    folder = (
        exported(name) if 'frames' not in name else float_frames(tmp_path, photographs)
    )
    kind = runtime.Classifier if 'classification' in name else runtime.Detector
    model = kind(str(folder), 'cpu', 0)
    for file in photographs[:3]:
        frame = cv2.resize(cv2.imread(str(file)), (800, 560))
        (expected,) = inspector(frame)
        if kind is runtime.Classifier:
            label, score = model(frame)[0]
        else:
            boxes, labels, _ = model(frame)
            label, score = labels[0], boxes[0, 4]
            roi = np.clip(expected.roi, 0, (799, 559) * 2)
            np.testing.assert_allclose(boxes[0, :4].clip(0), roi, atol=0.1)
        assert label == expected.label
        assert abs(score - expected.score) < 1e-3


def float_frames(folder, photographs):
    """Detections from raw frames, with the normalization in the graph."""
    from mmacnn.deploy import deploy

    config = folder / 'frames.py'
    base = ROOT / 'configs/deploy/acnn/detection_onnxruntime_static-480x640.py'
    config.write_text(
        f"_base_ = ['{base}']\ncodebase_config = dict(raw_input='float32')\n"
    )
    deploy(
        str(config), str(MODEL), str(WEIGHTS), str(photographs[0]), str(folder / 'out')
    )
    return folder / 'out'
