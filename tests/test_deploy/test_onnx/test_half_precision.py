# Copyright (c) mmacnn authors. All rights reserved.
"""A-CNN from raw pixels in half precision: grey levels, and their squares, fit."""

import cv2
import numpy as np
import pytest

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')

HALF = np.finfo(np.float16)


@pytest.fixture(scope='module')
def model(exported):
    return onnx.load(exported('full_onnxruntime_static-480x640') / 'end2end.onnx')


@pytest.fixture(scope='module')
def floats(model):
    """The float tensors between the operators."""
    values = onnx.shape_inference.infer_shapes(model).graph.value_info
    return [v for v in values if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT]


def run(model, image):
    """Outputs by name, with each operator as it stands in the graph."""
    options = onnxruntime.SessionOptions()
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {'input': image[None]}), strict=True))


def extreme_images():
    image = np.zeros((480, 640, 3), np.uint8)
    yield image + 255
    image[:, 320:] = 255
    yield image
    yield np.random.default_rng(0).choice(np.uint8((0, 255)), image.shape)


def test_no_value_passes_its_range(model, floats, photographs):
    every = onnx.ModelProto()
    every.CopyFrom(model)
    every.graph.output.extend(floats)
    for image in (cv2.imread(str(photographs[0])), *extreme_images()):
        for name, value in run(every, image).items():
            assert np.abs(value).max(initial=0) < HALF.max / 4, name


def test_rounded_values_give_the_same_answer(model, floats, photographs):
    """As a GPU does, each tensor is stored in half precision."""
    rounded = onnx.ModelProto()
    rounded.CopyFrom(model)
    names = {value.name for value in floats}
    make, nodes = onnx.helper.make_node, []
    for node in model.graph.node:
        (name,) = node.output
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        nodes.append(copy)
        if name in names:
            copy.output[0] = f'{name}.exact'
            nodes.append(make('Cast', [f'{name}.exact'], [f'{name}.half'], to=10))
            nodes.append(make('Cast', [f'{name}.half'], [name], to=1))
    del rounded.graph.node[:]
    rounded.graph.node.extend(nodes)
    for file in photographs:
        image = cv2.imread(str(file))
        expected, found = run(model, image), run(rounded, image)
        assert found['scores'].argmax() == expected['scores'].argmax()
        np.testing.assert_allclose(found['scores'], expected['scores'], atol=0.1)
        np.testing.assert_allclose(found['roi'], expected['roi'], atol=1)
