# Copyright (c) mmacnn authors. All rights reserved.
"""Deployment: everything that needs mmdeploy, onnx or onnxruntime."""

__all__ = ['deploy', 'write_triton_repository']


def __getattr__(name: str):
    # The operator check and the benchmark need less than MMDeploy, which is slow to
    # import and may be missing.
    if name == 'deploy':
        from .deployment import deploy

        return deploy
    if name == 'write_triton_repository':
        from .triton import write_triton_repository

        return write_triton_repository
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
