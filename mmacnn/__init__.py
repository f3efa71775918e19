# Copyright (c) mmacnn authors. All rights reserved.
"""OpenMMLab plugin for inspecting small objects and small defects."""

from .version import __version__

__all__ = ['__version__']
