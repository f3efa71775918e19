# Copyright (c) mmacnn authors. All rights reserved.
"""Post-training quantization to int8, with scales from a calibration set.

Convolutions, additions and activations of the backbones alone are quantized: nearly
all arithmetic is there. What decides the place and the class (soft-argmax, sampling
positions, pooling, classifier) stays in floating point.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx

from mmacnn.utils import InputError

QUANTIZED_OPERATORS = ('Conv', 'Add', 'Relu')


def quantize(path: Path, batches: Iterable[np.ndarray], for_tensorrt: bool) -> None:
    """Replace an ONNX model by its int8 form, Q/DQ nodes round each operator.

    TensorRT wants symmetric int8 without zero points, and weights and biases in floats
    in front of their Q/DQ nodes; ONNX Runtime is faster with uint8 activations.

    Args:
        path: The ONNX file.
        batches: Inputs as the model takes them, to calibrate with.
        for_tensorrt: The form that TensorRT reads, instead of ONNX Runtime's.

    Raises:
        InputError: The model has no backbone with convolutions.
    """
    from onnxruntime import quantization

    model = onnx.load(path)
    nodes = [
        node.name
        for node in model.graph.node
        if '/backbone/' in node.name and node.op_type in QUANTIZED_OPERATORS
    ]
    if not nodes:
        raise InputError(f'{path}: found no convolution in a backbone to quantize')
    options = {}
    if for_tensorrt:
        options = dict(
            ActivationSymmetric=True,
            WeightSymmetric=True,
            AddQDQPairToWeight=True,
            DedicatedQDQPair=True,
            QuantizeBias=False,
        )
    types = quantization.QuantType
    with _quiet():
        quantization.quantize_static(
            path,
            path,
            _Reader(model.graph.input[0].name, batches),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED_OPERATORS),
            nodes_to_quantize=nodes,
            per_channel=True,
            activation_type=types.QInt8 if for_tensorrt else types.QUInt8,
            weight_type=types.QInt8,
            extra_options=options,
        )


class _Reader:
    """Feeds the calibration, as ONNX Runtime's ``CalibrationDataReader`` does."""

    def __init__(self, input_name: str, batches: Iterable[np.ndarray]) -> None:
        self._inputs = ({input_name: batch} for batch in batches)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._inputs, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without advice on the root logger, to preprocess the model for one."""
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        yield
    finally:
        logging.getLogger().setLevel(level)
