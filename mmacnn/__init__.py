# Copyright (c) mmacnn authors. All rights reserved.
"""OpenMMLab plugin for inspecting small objects and small defects."""

from . import compat

compat.apply()  # before anything imports mmcv.ops or loads a checkpoint

from . import registry  # noqa: E402, F401
from .version import __version__  # noqa: E402

__all__ = ['__version__']
