# Copyright (c) mmacnn authors. All rights reserved.
from .input_error import InputError
from .output_files import (
    CANNOT_WRITE,
    folder_written_whole,
    full_disk_named,
    maybe_written_whole,
    remove_abandoned,
    require_empty,
    require_writable,
    written_whole,
)
from .plain_files import read_json, read_pickle
from .progress import track
from .user_errors import run_tool

__all__ = [
    'CANNOT_WRITE',
    'InputError',
    'folder_written_whole',
    'full_disk_named',
    'maybe_written_whole',
    'remove_abandoned',
    'read_json',
    'read_pickle',
    'require_empty',
    'require_writable',
    'run_tool',
    'track',
    'written_whole',
]
