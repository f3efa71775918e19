# Copyright (c) mmacnn authors. All rights reserved.
"""One line on the terminal for a user's mistake, a traceback for a fault of ours."""

import errno
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable

from .allocator import keep_freed_memory
from .input_error import InputError
from .kept_warnings import kept_warnings
from .text import printable

INTERRUPTED = 130  # as a shell says it: 128 and the number of SIGINT
REPORT = (
    'this is a fault of mmacnn or of a library: please report it with the lines above'
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
# mmcv's assertion about an image of the data set, which is damaged.
DAMAGED_IMAGE = 'failed to load image: '
LOST_WORKER = re.compile(r'DataLoader worker \(pid.*?\) (is killed|exited)')


def run_tool(main: Callable[[], None]) -> None:
    """Run a command-line tool; end a user's mistake with ``error: ...`` and status 2.

    Any other error keeps its traceback, and a line asks to report it. The environment
    variable ``MMACNN_TRACEBACK=1`` shows the traceback of a user's mistake too.

    Warnings of libraries go to the log file, where there is one. Ctrl-C ends with one
    line, what the ``KeyboardInterrupt`` says, and status 130.

    Args:
        main: The tool.

    Raises:
        SystemExit: Status 2 after a user's mistake, 1 after a fault of the program, 130
            after an interruption.
    """
    keep_freed_memory()
    reported = logging.raiseExceptions
    # Else, on a full disk, each line for the log file gives a traceback of its own.
    logging.raiseExceptions = False
    try:
        with kept_warnings():
            main()
    except KeyboardInterrupt as interrupt:
        print(f'\n{interrupt or "stopped"}', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        is_users = is_user_error(error)
        if is_users and os.environ.get('MMACNN_TRACEBACK') == '1':
            raise
        if is_users:
            print(f'error: {describe(error)}', file=sys.stderr)
            sys.exit(2)
        traceback.print_exc()
        print(REPORT, file=sys.stderr)
        sys.exit(1)
    finally:
        logging.raiseExceptions = reported


def is_user_error(error: Exception) -> bool:
    """Whether it is about the user's files, data or system, and not about the program.

    So are two errors of libraries: a damaged image, and a worker of a ``DataLoader``
    that the system killed.
    """
    if isinstance(error, OSError | InputError):
        return True
    message = describe(error)
    is_lost = LOST_WORKER.match(message) is not None
    return is_lost or message.startswith(DAMAGED_IMAGE)


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
