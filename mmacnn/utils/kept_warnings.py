# Copyright (c) mmacnn authors. All rights reserved.
"""Libraries' warnings, which go to the log file and not to the terminal."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler

NAME = 'py.warnings'  # the logger of logging.captureWarnings
CAPACITY = 1000


@contextmanager
def kept_warnings() -> Iterator[None]:
    """Keep the warnings of Python until there is a log file for them.

    What this package warns of goes through mmengine's logger, and is shown.
    """
    logger = logging.getLogger(NAME)
    kept = MemoryHandler(CAPACITY, logging.CRITICAL + 1, flushOnClose=False)
    before = logger.propagate
    logger.addHandler(kept)
    logger.propagate = False
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logger.removeHandler(kept)
        logger.propagate = before


def send_warnings(handler: logging.Handler) -> None:
    """Write the warnings so far, and those to come, with a handler."""
    for kept in logging.getLogger(NAME).handlers:
        if isinstance(kept, MemoryHandler):
            kept.setTarget(handler)
            kept.flush()
            kept.capacity = 1
