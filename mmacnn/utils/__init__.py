# Copyright (c) mmacnn authors. All rights reserved.
from .input_error import InputError
from .output_files import folder_written_whole, require_empty, written_whole
from .progress import track

__all__ = [
    'InputError',
    'folder_written_whole',
    'require_empty',
    'track',
    'written_whole',
]
