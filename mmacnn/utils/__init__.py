# Copyright (c) mmacnn authors. All rights reserved.
from .input_error import InputError
from .output_files import folder_written_whole, require_empty, written_whole
from .plain_files import read_json, read_pickle
from .progress import track

__all__ = [
    'InputError',
    'folder_written_whole',
    'read_json',
    'read_pickle',
    'require_empty',
    'track',
    'written_whole',
]
