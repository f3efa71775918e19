# Copyright (c) mmacnn authors. All rights reserved.
"""Timing several things side by side, so that a busy machine slows them alike."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from mmacnn.utils.progress import track

Measured = TypeVar('Measured')


class Cost(NamedTuple):
    """What a call took.

    Args:
        seconds: By the clock on the wall.
        cpu: CPU seconds of this process alone. Other programs
            change it little.
    """

    seconds: float
    cpu: float


def cost_of(call: Callable[[], object]) -> Cost:
    """Run something once."""
    start = time.perf_counter(), time.process_time()
    call()
    return Cost(time.perf_counter() - start[0], time.process_time() - start[1])


def interleave(
    calls: Mapping[str, Callable[[], Measured]],
    rounds: int,
    what: str = 'Measuring',
    warm_up: int = 0,
) -> dict[str, list[Measured]]:
    """Call everything once a round, each round beginning with the next of them.

    Args:
        calls: Name to what is called.
        rounds: Rounds that count, 1 or more.
        what: What is being measured, for the progress bar.
        warm_up: Rounds before those, whose results are dropped.

    Returns:
        Name to what the calls returned, one item a round: the items at one place were
        measured next to each other, and may be divided by one another.

    Example:
        >>> numbers = iter(range(8))
        >>> interleave({'a': lambda: next(numbers), 'b': lambda: next(numbers)}, 2)
        {'a': [0, 3], 'b': [1, 2]}
    """
    results = {name: [] for name in calls}
    names = list(calls)
    for turn in track(range(warm_up + rounds), what):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            result = calls[name]()
            if turn >= warm_up:
                results[name].append(result)
    return results
