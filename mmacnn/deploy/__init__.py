# Copyright (c) mmacnn authors. All rights reserved.
"""Deployment: everything that needs mmdeploy, onnx or onnxruntime."""

import lazy_loader

# The operator check and the benchmark need less than MMDeploy, which is slow to import
# and may be missing.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={'deployment': ['deploy'], 'triton': ['write_triton_repository']},
)
