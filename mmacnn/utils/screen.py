# Copyright (c) mmacnn authors. All rights reserved.
import os
import sys

from .input_error import InputError


def require_screen() -> None:
    """Refuse to show windows where there is no screen: they would wait for ever.

    Raises:
        InputError: There is none.
    """
    names = ('DISPLAY', 'WAYLAND_DISPLAY')
    if sys.platform.startswith('linux') and not any(map(os.environ.get, names)):
        raise InputError(
            '--show: found no screen (DISPLAY is not set), expected one; --out-dir '
            'writes the pictures to a folder'
        )
