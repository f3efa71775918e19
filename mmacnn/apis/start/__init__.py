# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn start``: from a folder to a config of one's own."""

from .starting import StartReport, start

__all__ = ['StartReport', 'start']
