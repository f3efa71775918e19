# Copyright (c) mmacnn authors. All rights reserved.
"""One line on the terminal for what the user can mend, a traceback for what we must."""

import errno
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable

from .input_error import InputError
from .text import printable

# What OpenMMLab and this package raise for a config or data that are wrong.
USER_ERRORS = (
    ValueError,
    KeyError,
    TypeError,
    AssertionError,
    ImportError,
    SyntaxError,
)
# What to do, by the number of the system's error.
ADVICE = {
    errno.ENOENT: 'moved, deleted or not mounted?',
    errno.ENOSPC: 'free some space and start again, a training with --resume',
    errno.EDQUOT: 'free some space and start again, a training with --resume',
    errno.EFBIG: 'see `ulimit -f`, and how large a file this disk takes',
    errno.EROFS: 'name a folder that can be written',
    errno.EACCES: 'see `ls -ld` for who may',
    errno.EPERM: 'see `ls -ld` for who may',
    errno.EIO: 'the disk, or the way to it, is at fault',
}
SYSTEM_ERROR = re.compile(r"\[Errno (\d+)\] (.*?)(?:: (['\"])(.*)\3)?", re.DOTALL)
LOST_WORKER = re.compile(r'DataLoader worker \(pid.*?\) (is killed|exited)')


def run_tool(main: Callable[[], None]) -> None:
    """Run a command-line tool; end a user's mistake with ``error: ...`` and status 2.

    The environment variable ``MMACNN_TRACEBACK=1`` brings the traceback back.

    Args:
        main: The tool.

    Raises:
        SystemExit: Status 2 after a user's mistake.
        Exception: Whatever else ``main`` raises: a fault of the program.
    """
    reported = logging.raiseExceptions
    # Else, on a full disk, each line for the log file gives a traceback of its own.
    logging.raiseExceptions = False
    try:
        main()
    except Exception as error:
        if os.environ.get('MMACNN_TRACEBACK') == '1' or not is_user_error(error):
            raise
        print(f'error: {describe(error)}', file=sys.stderr)
        sys.exit(2)
    finally:
        logging.raiseExceptions = reported


def is_user_error(error: Exception) -> bool:
    """Whether the user can mend it: a path, the config, or the data.

    Until the loop runs, all input is the user's. In the loop, only what is read from
    the data set and from the disk is; an error from a model's step is ours.
    """
    if isinstance(error, OSError | InputError) or LOST_WORKER.match(str(error)):
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
        message = message.strip().splitlines()[-1].partition(': ')[2]
        # A KeyError's is in quotes.
        if message[:1] in ('"', "'") and message[-1] == message[0]:
            message = message[1:-1]
    if LOST_WORKER.match(message):
        hint = 'Out of memory, or of shared memory? Fewer workers need less'
        message = f'{message.strip()} {hint}'
    elif isinstance(error, OSError):
        message = _describe_system_error(message)
    return printable(' '.join(message.split())) or type(error).__name__


def _describe_system_error(message: str) -> str:
    """The file, what the system says, and what to do."""
    found = SYSTEM_ERROR.fullmatch(message)
    if found is None:
        return message  # of our own
    number, text, _, name = found.groups()
    advice = ADVICE.get(int(number))
    return (f'{name}: ' if name else '') + text + (f'; {advice}' if advice else '')
