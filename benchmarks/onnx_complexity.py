# Copyright (c) mmacnn authors. All rights reserved.
"""Multiply-adds and parameters of an ONNX file, whoever made it."""

from math import prod

import onnx


def count_complexity(path: str, size: tuple[int, int]) -> tuple[int, int]:
    """Count what a file does with one image.

    Args:
        path: ONNX file whose input is (N, C, H, W) or of a fixed shape.
        size: (h, w) where it takes any.

    Returns:
        Multiply-adds of its convolutions and matrix products, and numbers in its
        floating point weights.

    Raises:
        ValueError: A shape that counts is not known.
    """
    model = onnx.load(path)
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        for dim, number in zip(dims, (1, 3, *size), strict=True):
            dim.dim_value = dim.dim_value or number
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    graph = model.graph
    shapes = {each.name: list(each.dims) for each in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = [dim.dim_value for dim in dims]
    multiply_adds = 0
    for node in graph.node:
        if node.op_type in ('Conv', 'Gemm', 'MatMul'):
            output = shapes.get(node.output[0], [])
            inner = _inner_size(node, shapes)
            if not output or not prod(output) or not inner:
                raise ValueError(f'{path}: {node.name}: found no shape')
            multiply_adds += prod(output) * inner
    weights = [each for each in graph.initializer if each.data_type in FLOATS]
    return multiply_adds, sum(prod(each.dims) for each in weights)


FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)


def _inner_size(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    """Products that make up one number of the output."""
    if node.op_type == 'Conv':
        return prod(shapes[node.input[1]][1:])
    shape = shapes.get(node.input[0], [])
    if node.op_type == 'Gemm' and any(
        a.name == 'transA' and a.i for a in node.attribute
    ):
        return shape[0]
    return shape[-1] if shape else 0
