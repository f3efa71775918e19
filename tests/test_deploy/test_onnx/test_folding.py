# Copyright (c) mmacnn authors. All rights reserved.

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from mmacnn.deploy.onnx.folding import fold_normalization

# Frames as a camera gives them, in another order, centred and scaled, to a convolution.
GRAPH = """
<ir_version: 7, opset_import: ["" : 13]>
agraph (uint8[1, 8, 12, {channels}] frames) => (float[1, 5, h, w] out{more}) {{
  grey = Cast <to = 1> (frames)
  image = Transpose <perm = [0, 3, 1, 2]> (grey)
  {steps}
  out = Conv <{conv}> (last, weight{bias})
  {others}
}}
"""
RGB = 'rgb = Gather <axis = 1> (image, order)'
CENTRED = 'centred = Sub (rgb, mean)'
LAST = 'last = Mul (centred, inverse)'
STEPS = '\n  '.join([RGB, CENTRED, LAST])
PLAIN = 'kernel_shape = [2, 3], strides = [2, 3]'


def save(path, steps=STEPS, conv=PLAIN, bias=', bias', others='', more='', channels=3):
    parts = dict(steps=steps, conv=conv, bias=bias, others=others, more=more)
    text = GRAPH.format(channels=channels, **parts)
    model = onnx.parser.parse_model(text)
    draw = np.random.default_rng(0)
    per_channel = dict(mean=(90.0, 120, 60), inverse=(0.02, 0.01, 0.5))
    constants = {
        name: np.float32(values).reshape(1, 3, 1, 1)
        for name, values in per_channel.items()
    }
    constants |= dict(
        order=np.array([2, 0, 1]),  # not its own inverse
        half=np.float32(0.5),
        weight=draw.normal(size=(5, 3, 2, 3)).astype(np.float32),
        bias=draw.normal(size=5).astype(np.float32),
    )
    for name, values in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    onnx.save(model, path)
    return path


def run(path):
    frames = np.random.default_rng(1).integers(0, 256, (1, 8, 12, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return session.run(None, {'frames': frames})


def operators(path):
    return [node.op_type for node in onnx.load(path).graph.node]


@pytest.mark.parametrize(
    'steps',
    [
        STEPS,
        'last = Sub (image, mean)',
        'last = Mul (image, inverse)',
        'last = Gather <axis = 1> (image, order)',
        'large = Mul (image, inverse)\n centred = Sub (large, mean)\n'
        'last = Gather <axis = 1> (centred, order)',
        f'{STEPS.replace("last", "once")}\n twice = Gather <axis = 1> (once, order)\n'
        'last = Sub (twice, mean)',
    ],
)
@pytest.mark.parametrize('bias', [', bias', ''])
def test_it_stays_the_same_function(steps, bias, tmp_path):
    path = save(tmp_path / 'model.onnx', steps, bias=bias)
    before = run(path)
    assert fold_normalization(path) == 1
    assert operators(path) == ['Cast', 'Transpose', 'Conv']
    assert len(onnx.load(path).graph.initializer) == 2
    np.testing.assert_allclose(run(path), before, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(
    ('case', 'left'),
    [
        (dict(conv='kernel_shape = [2, 3], pads = [0, 0, 1, 0]'), 3),  # black border
        (dict(conv='kernel_shape = [2, 3], auto_pad = "SAME_UPPER"'), 3),
        (dict(steps='last = Mul (image, half)'), 1),  # not by channel
        (dict(steps='last = Gather <axis = 3> (image, order)'), 1),
        (dict(steps='last = Add (image, mean)'), 1),
        (dict(steps='last = Mul (image, image)'), 1),
        (dict(channels=4), 3),  # the gather drops one
        (dict(channels=1, steps='last = Sub (image, mean)'), 1),  # a broadcast
    ],
)
def test_it_leaves_what_it_cannot_fold(case, left, tmp_path):
    path = save(tmp_path / 'model.onnx', **case)
    before = path.read_bytes()
    assert fold_normalization(path) == 0
    assert path.read_bytes() == before
    assert len(operators(path)) == 3 + left


def test_it_leaves_the_image_to_others(tmp_path):
    others, more = 'top = ReduceMax <keepdims = 1> (last)', ', float[1, 1, 1, 1] top'
    path = save(tmp_path / 'model.onnx', others=others, more=more)
    before = run(path)
    assert fold_normalization(path) == 1
    assert operators(path).count('Mul') == 1
    for found, expected in zip(run(path), before, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_two_convolutions_of_one_image(tmp_path):
    """Without names, and with the weights shared."""
    others = f'top = Conv <{PLAIN}> (last, weight, bias)'
    path = save(tmp_path / 'model.onnx', others=others, more=', float[1, 5, h, w] top')
    before = run(path)
    assert fold_normalization(path) == 2
    assert operators(path) == ['Cast', 'Transpose', 'Conv', 'Conv']
    for found, expected in zip(run(path), before, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_half_precision_stays_half_precision(tmp_path):
    path = save(tmp_path / 'model.onnx')
    model = onnx.load(path)
    model.graph.node[0].attribute[0].i = onnx.TensorProto.FLOAT16
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    for each in model.graph.initializer:
        if each.data_type == onnx.TensorProto.FLOAT:
            half = numpy_helper.to_array(each).astype(np.float16)
            each.CopyFrom(numpy_helper.from_array(half, each.name))
    onnx.save(model, path)
    before = run(path)
    assert fold_normalization(path) == 1
    assert operators(path) == ['Cast', 'Transpose', 'Conv']
    np.testing.assert_allclose(run(path), before, rtol=0.01, atol=1)
