# Copyright (c) mmacnn authors. All rights reserved.
"""OpenMMLab plugin for inspecting small objects and small defects."""

from importlib.util import find_spec

if find_spec('mmengine') is None:
    raise ModuleNotFoundError(
        'mmengine is missing: pip install "mmacnn[train]"; exported models run '
        'without it, by `mmacnn-inspect`'
    )

from . import compat, registry  # noqa: F401
from .version import __version__

compat.apply()  # before anything imports mmcv.ops or loads a checkpoint

__all__ = ['__version__']
