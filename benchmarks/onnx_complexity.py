# Copyright (c) mmacnn authors. All rights reserved.
"""Multiply-adds and parameters of an ONNX file, whoever made it."""

from math import prod

import numpy as np
import onnx
import onnxruntime

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
COUNTED = ('Conv', 'Gemm', 'MatMul')


def count_complexity(path: str, size: tuple[int, int]) -> tuple[int, int]:
    """Count what a file does with one image.

    Args:
        path: ONNX file with one input.
        size: (h, w) where it takes any.

    Returns:
        Multiply-adds of its convolutions and matrix products, and numbers in its
        floating point weights.
    """
    model = onnx.load(path)
    counted = [node for node in model.graph.node if node.op_type in COUNTED]
    shapes = _shapes(model, size, counted)
    multiply_adds = sum(
        prod(shapes[node.output[0]]) * _inner_size(node, shapes) for node in counted
    )
    weights = [w for w in model.graph.initializer if w.data_type in FLOATS]
    return multiply_adds, sum(prod(weight.dims) for weight in weights)


def _shapes(
    model: onnx.ModelProto, size: tuple[int, int], nodes: list[onnx.NodeProto]
) -> dict[str, tuple[int, ...]]:
    """Shapes of what goes into the nodes and out of them, as they are in a run."""
    graph = model.graph
    names = {name for node in nodes for name in (*node.input[:2], node.output[0])}
    present = {value.name for value in (*graph.output, *graph.input)}
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in names - present)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    (given,) = session.get_inputs()
    sides = [
        side if isinstance(side, int) else other
        for side, other in zip(given.shape, (1, 3, *size), strict=True)
    ]
    dtype = np.uint8 if given.type == 'tensor(uint8)' else np.float32
    outputs = [output.name for output in session.get_outputs()]
    found = session.run(outputs, {given.name: np.zeros(sides, dtype)})
    arrays = zip(outputs, found, strict=True)
    return {name: array.shape for name, array in arrays} | {given.name: tuple(sides)}


def _inner_size(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    """Products that make up one number of the output."""
    if node.op_type == 'Conv':
        return prod(shapes[node.input[1]][1:])
    first = shapes[node.input[0]]
    is_turned = any(each.name == 'transA' and each.i for each in node.attribute)
    return first[0] if is_turned else first[-1]
