# Copyright (c) mmacnn authors. All rights reserved.
"""OpenVINO on the CPU, called as ONNX Runtime is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmacnn.utils import InputError


class OpenVINOSession:
    """A network in OpenVINO, in single precision where it is not int8.

    Args:
        path: The ``.xml`` file; the ``.bin`` file lies beside it.
        num_threads: Threads; 0 for as many as there are cores.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: OpenVINO is not installed, or cannot load the file.
    """

    def __init__(self, path: str | Path, num_threads: int = 0) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f'{path}: no such OpenVINO file')
        try:
            import openvino
        except ImportError:
            raise InputError(
                'OpenVINO is not installed: pip install -c '
                'requirements/constraints.txt -r requirements/openvino.txt'
            ) from None
        settings = dict(
            PERFORMANCE_HINT='LATENCY',
            INFERENCE_PRECISION_HINT='f32',  # bf16 by default where the CPU has it
            ENABLE_CPU_PINNING=False,
        )
        if num_threads:
            settings['INFERENCE_NUM_THREADS'] = num_threads
        try:
            self._model = openvino.Core().compile_model(path, 'CPU', settings)
        except RuntimeError as error:
            reason = str(error).strip().rpartition('\n')[2]
            raise InputError(f'{path}: OpenVINO cannot load it: {reason}') from error

    def run(
        self, names: Sequence[str], inputs: dict[str, np.ndarray]
    ) -> list[np.ndarray]:
        """The outputs of these names, as ``onnxruntime.InferenceSession.run``."""
        values = self._model(inputs)
        return [values[name] for name in names]
