# Copyright (c) mmacnn authors. All rights reserved.
"""Deployment: everything that needs mmdeploy, onnx or onnxruntime."""

__all__ = ['deploy']


def __getattr__(name: str):
    # The operator check and the benchmark need less than MMDeploy, which is slow to
    # import and may be missing.
    if name == 'deploy':
        from .deployment import deploy

        return deploy
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
