# Copyright (c) mmacnn authors. All rights reserved.
from .input_error import InputError
from .output_files import (
    CANNOT_WRITE,
    atomic_folder,
    atomic_write,
    check_paths,
    full_disk_named,
    maybe_atomic_write,
    remove_abandoned,
    require_empty,
    require_writable,
)
from .plain_files import read_json, read_pickle, read_text
from .progress import track
from .screen import require_screen
from .user_errors import run_tool

__all__ = [
    'CANNOT_WRITE',
    'InputError',
    'atomic_folder',
    'check_paths',
    'full_disk_named',
    'maybe_atomic_write',
    'remove_abandoned',
    'read_json',
    'read_pickle',
    'read_text',
    'require_empty',
    'require_screen',
    'require_writable',
    'run_tool',
    'track',
    'atomic_write',
]
