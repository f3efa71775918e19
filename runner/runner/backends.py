# Copyright (c) mmacnn authors. All rights reserved.
"""What runs a network: ``run(array) -> {name: array}`` and ``close()``.

``max_batch`` is how many images go through it together where the graph takes any.
"""

import os

from .errors import UserError
from .tensorrt_backend import TensorRTBackend


class OnnxRuntimeBackend:
    """ONNX Runtime on the CPU: to try a folder on a computer without TensorRT.

    Args:
        folder (ModelFolder): the model.

    Raises:
        UserError: the package or the model's file is missing, or it cannot be loaded.
    """

    max_batch = 8

    def __init__(self, folder):
        try:
            import onnxruntime
        except ImportError:
            raise UserError(
                'the Python package onnxruntime is missing: pip3 install onnxruntime'
            ) from None
        if not os.path.isfile(folder.onnx):
            raise UserError(f'{folder.onnx}: no such file')
        try:
            self._session = onnxruntime.InferenceSession(
                folder.onnx, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # its exceptions have no common base but this
            reason = str(error).split('\n')[0]
            raise UserError(f'{folder.onnx}: {reason}') from error
        self._input = folder.input.name
        self._outputs = [output.name for output in self._session.get_outputs()]
        folder.check_outputs(folder.onnx, self._outputs)

    def run(self, array):
        """Network input -> outputs by name."""
        values = self._session.run(self._outputs, {self._input: array})
        return dict(zip(self._outputs, values))

    def close(self):
        self._session = None


class OpenVINOBackend:
    """OpenVINO on the CPU of an industrial PC.

    Args:
        folder (ModelFolder): the model.

    Raises:
        UserError: the package or the model's file is missing, or it cannot be loaded.
    """

    max_batch = 8

    def __init__(self, folder):
        try:
            import openvino
        except ImportError:
            raise UserError(
                'the Python package openvino is missing: pip3 install openvino'
            ) from None
        if not os.path.isfile(folder.openvino):
            raise UserError(
                f'{folder.openvino}: no such file, expected an export for OpenVINO'
            )
        settings = {'PERFORMANCE_HINT': 'LATENCY', 'INFERENCE_PRECISION_HINT': 'f32'}
        try:
            self._model = openvino.Core().compile_model(
                folder.openvino, 'CPU', settings
            )
        except RuntimeError as error:
            reason = str(error).strip().split('\n')[-1]
            raise UserError(f'{folder.openvino}: {reason}') from error
        self._input = folder.input.name
        # One output may have several names.
        found = set().union(*(output.names for output in self._model.outputs))
        folder.check_outputs(folder.openvino, found)
        self._outputs = list(folder.names.values())

    def run(self, array):
        """Network input -> outputs by name."""
        values = self._model({self._input: array})
        return {name: values[name] for name in self._outputs}

    def close(self):
        self._model = None


BACKENDS = {
    'tensorrt': TensorRTBackend,
    'onnxruntime': OnnxRuntimeBackend,
    'openvino': OpenVINOBackend,
}
