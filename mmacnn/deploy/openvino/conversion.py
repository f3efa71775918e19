# Copyright (c) mmacnn authors. All rights reserved.
"""ONNX file -> OpenVINO's own files, in single or half precision or in int8."""

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mmacnn.utils import InputError

# Convolutions alone become int8, as with ONNX Runtime; what decides the place and the
# class stays in floating point.
NOT_QUANTIZED = '^(?!.*/backbone/.*(Conv|Add|Relu)).*$'


def convert(
    path: Path, precision: str, batches: Iterable[np.ndarray] | None = None
) -> Path:
    """Write an ONNX model as ``.xml`` and ``.bin`` beside it.

    In half precision the weights are stored as such. A processor without arithmetic for
    it, which most have not, computes in single precision with them.

    Args:
        path: The ONNX file.
        precision: 'fp32', 'fp16' or 'int8'.
        batches: Inputs as the model takes them, to calibrate int8 with.

    Returns:
        The ``.xml`` file.

    Raises:
        InputError: OpenVINO cannot read the model.
    """
    import openvino

    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        reason = str(error).strip().rpartition('\n')[2]
        raise InputError(f'{path}: OpenVINO cannot read it: {reason}') from error
    if precision == 'int8':
        model = _quantize(model, batches)
    written = path.with_suffix('.xml')
    openvino.save_model(model, written, compress_to_fp16=precision == 'fp16')
    return written


def _quantize(model, batches: Iterable[np.ndarray]):
    """The model with int8 convolutions, with scales from a calibration set."""
    import nncf

    nncf.set_log_level(logging.ERROR)
    batches = list(batches)
    return nncf.quantize(
        model,
        nncf.Dataset(batches),
        subset_size=len(batches),
        ignored_scope=nncf.IgnoredScope(patterns=[NOT_QUANTIZED], validate=False),
    )
