# Copyright (c) mmacnn authors. All rights reserved.
"""One line on the terminal for what the user can mend, a traceback for what we must."""

import os
import sys
import traceback
from collections.abc import Callable

from mmacnn.utils import InputError

# What OpenMMLab and this package raise for a config or data that are wrong.
USER_ERRORS = (
    ValueError,
    KeyError,
    TypeError,
    AssertionError,
    ImportError,
    SyntaxError,
)


def run_tool(main: Callable[[], None]) -> None:
    """Run a command-line tool; end a user's mistake with ``error: ...`` and status 2.

    The environment variable ``MMACNN_TRACEBACK=1`` brings the traceback back.

    Args:
        main: The tool.

    Raises:
        SystemExit: Status 2 after a user's mistake.
        Exception: Whatever else ``main`` raises: a fault of the program.
    """
    try:
        main()
    except Exception as error:
        if os.environ.get('MMACNN_TRACEBACK') == '1' or not is_user_error(error):
            raise
        print(f'error: {describe(error)}', file=sys.stderr)
        sys.exit(2)


def is_user_error(error: Exception) -> bool:
    """Whether the user can mend it: a path, the config, or the data.

    Until the loop runs, all input is the user's. In the loop, only what is read from
    the data set and from the disk is; an error from a model's step is ours.
    """
    if isinstance(error, OSError | InputError):
        return True
    if not isinstance(error, USER_ERRORS):
        return False
    frames = [
        (frame.f_globals.get('__name__', ''), frame.f_code.co_name)
        for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    is_reading = any(module.startswith('torch.utils.data') for module, _ in frames)
    is_running = any(
        module == 'mmengine.runner.loops' and function == 'run'
        for module, function in frames
    )
    return is_reading or not is_running


def describe(error: Exception) -> str:
    """The error's message on one line."""
    message = str(error)
    if isinstance(error, KeyError) and error.args:
        message = str(error.args[0])  # str() of a KeyError puts it in quotes
        if message.isidentifier():
            message = f'missing key: {message}'
    if 'in DataLoader worker process' in message:
        # torch hands on the worker's traceback as the message; its last line is ours.
        message = message.strip().splitlines()[-1].partition(': ')[2].strip('\'"')
    return ' '.join(message.split()) or type(error).__name__
