# Copyright (c) mmacnn authors. All rights reserved.
"""Checks of numbers that a config gives."""

import math
from collections.abc import Sequence
from numbers import Real

from .input_error import InputError


def check_number(
    name: str, value: float, low: float, high: float = math.inf, below: bool = False
) -> float:
    """Return ``value`` as a float if it lies in ``[low, high]``.

    Args:
        name: What the value is, for the message: ``'RandomBlur: motion'``.
        value: The value to check.
        low: Smallest value allowed.
        high: Largest value allowed.
        below: Whether ``high`` itself is refused.

    Raises:
        InputError: If the value is no number or lies outside.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and low <= value <= high and not (below and value == high)):
        close = ')' if below or math.isinf(high) else ']'
        raise InputError(
            f'{name} is {value!r}, expected a number in [{low}, {high}{close}'
        )
    return float(value)


def check_range(
    name: str, value: Sequence[float], low: float, high: float = math.inf
) -> tuple[float, float]:
    """Return ``value`` as ``(smallest, largest)`` if both lie in ``[low, high]``.

    Raises:
        InputError: If it is not two numbers in rising order within the limits.
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise InputError(f'{name} is {value!r}, expected (smallest, largest)')
    first, last = (check_number(name, item, low, high) for item in value)
    if first > last:
        raise InputError(
            f'{name} is {value!r}, expected the smallest value first, then the largest'
        )
    return first, last
