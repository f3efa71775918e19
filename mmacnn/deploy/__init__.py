# Copyright (c) mmacnn authors. All rights reserved.
"""Deployment: everything that needs mmdeploy, onnx or onnxruntime."""

from mmacnn.utils.lazy_import import lazy_import

# The operator check and the benchmark need less than MMDeploy, which is slow to import
# and may be missing.
__getattr__, __dir__, __all__ = lazy_import(
    __name__, {'deployment': ['deploy'], 'triton': ['write_triton_repository']}
)
