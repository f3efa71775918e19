# Copyright (c) mmacnn authors. All rights reserved.
"""Normalization of images, taken into the weights of the convolution that reads them.

A graph that takes a camera's frames would otherwise rewrite every pixel for the order
of the channels, for the mean and for the standard deviation.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper


class _Affine(NamedTuple):
    """``scale * x[channels] + shift`` of a tensor ``x``, (B, C, H, W)."""

    source: str  # name of x
    channels: np.ndarray  # (C,), order in which they are taken
    scale: np.ndarray  # (C,)
    shift: np.ndarray  # (C,)


def fold_normalization(path: Path) -> int:
    """Let convolutions read what a normalization before them reads.

    Only convolutions of images without padding are changed: a zero at the border means
    the mean colour before the folding, and black after it.

    Args:
        path: ONNX file, written anew when ``Gather`` (of channels), ``Sub`` and
            ``Mul`` with constants come before such a ``Conv``.

    Returns:
        The number of convolutions that were changed.
    """
    model = onnx.load(path)
    folded = _fold(model.graph, _channels(model))
    if folded:
        _remove_unused(model.graph)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
    return folded


def _fold(graph: onnx.GraphProto, channels_of: dict[str, int]) -> int:
    parts = [each.type for node in graph.node for each in node.attribute]
    if onnx.AttributeProto.GRAPH in parts:
        return 0  # A graph in the graph may need what looks unused.
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for node in graph.node:
        if node.op_type == 'Constant' and node.attribute[0].name == 'value':
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    makers = {name: node for node in graph.node for name in node.output}
    folded = 0
    for node in graph.node:
        if node.op_type != 'Conv' or not set(node.input[1:]) <= constants.keys():
            continue
        weight, *bias = (constants[name] for name in node.input[1:])
        if weight.ndim != 4:
            continue
        before = _affine_before(node.input[0], weight.shape[1], makers, constants)
        is_as_deep = channels_of.get(before.source) == weight.shape[1]
        if before.source != node.input[0] and is_as_deep and _is_plain(node):
            _replace_weights(graph, node, weight, bias[0] if bias else 0, before)
            folded += 1
    return folded


def _channels(model: onnx.ModelProto) -> dict[str, int]:
    """Size of the second axis of each tensor of which it is known."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {
        value.name: value.type.tensor_type.shape.dim
        for value in (*graph.input, *graph.value_info)
    }
    return {name: dim[1].dim_value for name, dim in shapes.items() if len(dim) > 1}


def _is_plain(conv: onnx.NodeProto) -> bool:
    """Whether it has one group, and no padding."""
    facts = {
        each.name: onnx.helper.get_attribute_value(each) for each in conv.attribute
    }
    padded = any(facts.get('pads', ())) or facts.get('auto_pad', b'NOTSET') not in (
        b'NOTSET',
        b'VALID',
    )
    return facts.get('group', 1) == 1 and not padded


def _affine_before(name: str, channels: int, makers: dict, constants: dict) -> _Affine:
    """What the nodes before a tensor do to each channel, as far up as it is that."""
    order, scale, shift = np.arange(channels), np.ones(channels), np.zeros(channels)
    while (node := makers.get(name)) is not None and len(node.input) == 2:
        constant = constants.get(node.input[1])
        if constant is None:
            break
        if node.op_type == 'Gather':
            axis = {each.name: each.i for each in node.attribute}.get('axis', 0)
            if axis != 1 or sorted(np.ravel(constant)) != list(range(channels)):
                break
            order = np.ravel(constant)[order]
        elif node.op_type in ('Sub', 'Mul') and _is_per_channel(constant, channels):
            # `order` turns channels of this tensor into those of the convolution.
            values = constant.ravel().astype(np.float64)[order]
            if node.op_type == 'Sub':
                shift = shift - scale * values
            else:
                scale = scale * values
        else:
            break
        name = node.input[0]
    return _Affine(name, order, scale, shift)


def _is_per_channel(constant: np.ndarray, channels: int) -> bool:
    return constant.size == channels and constant.shape[-3:] == (channels, 1, 1)


def _replace_weights(
    graph: onnx.GraphProto,
    conv: onnx.NodeProto,
    weight: np.ndarray,
    bias: np.ndarray | float,
    before: _Affine,
) -> None:
    """``conv(scale * x[channels] + shift)`` as a convolution of ``x``."""
    dtype, weight = weight.dtype, weight.astype(np.float64)
    shifted = bias + np.einsum('oihw,i->o', weight, before.shift)
    scaled = np.empty_like(weight)
    scaled[:, before.channels] = weight * before.scale[:, None, None]
    names = [f'{conv.output[0]}.folded_weight', f'{conv.output[0]}.folded_bias']
    for name, values in zip(names, (scaled, shifted), strict=True):
        graph.initializer.append(numpy_helper.from_array(values.astype(dtype), name))
    del conv.input[:]
    conv.input.extend([before.source, *names])


def _remove_unused(graph: onnx.GraphProto) -> None:
    """Drop nodes and constants that no output needs."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    initializers = [each for each in graph.initializer if each.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(initializers)
