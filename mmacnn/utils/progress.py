# Copyright (c) mmacnn authors. All rights reserved.
"""One progress bar for all that takes long."""

from collections.abc import Iterable, Sized
from typing import TypeVar

Item = TypeVar('Item')


def track(items: Iterable[Item], what: str, total: int | None = None) -> Iterable[Item]:
    """Go through ``items`` and show how far it is.

    A bar on a terminal; in a log, one line when it ends. Either goes to stderr, apart
    from what a program may read. Of several processes, the first shows it. One item
    alone gets no bar, which takes longer to set up than a small image to inspect.

    Args:
        items: What to go through.
        what: What is being done, in a word or two.
        total: How many there are, where ``len(items)`` does not tell.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if total == 1:
        return items
    # Late: a second that no --help should wait.
    from mmengine.dist import is_main_process
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    is_hidden = not is_main_process()
    return progress.track(items, what, total, console=console, disable=is_hidden)
