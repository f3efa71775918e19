# Copyright (c) mmacnn authors. All rights reserved.
from .output_files import require_empty, written_whole
from .progress import track

__all__ = ['require_empty', 'track', 'written_whole']
