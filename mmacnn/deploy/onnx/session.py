# Copyright (c) mmacnn authors. All rights reserved.
"""ONNX Runtime on the CPU, with a chosen number of threads."""

from pathlib import Path

import onnxruntime

from mmacnn.utils import InputError


def open_session(path: str | Path, num_threads: int) -> onnxruntime.InferenceSession:
    """Load an ONNX file.

    Args:
        path: The file.
        num_threads: Threads that one operator may use; 0 for as many as there are
            cores. Operators run one after the other.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: ONNX Runtime cannot load it: it is damaged, or has operators that
            ONNX Runtime lacks.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such ONNX file')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    # Threads that wait in a busy loop would slow down whoever runs next.
    options.add_session_config_entry('session.force_spinning_stop', '1')
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=['CPUExecutionProvider']
        )
    except Exception as error:  # its exceptions have no common base but this
        reason = str(error).strip().partition('\n')[0]
        raise InputError(f'{path}: ONNX Runtime cannot load it: {reason}') from error
