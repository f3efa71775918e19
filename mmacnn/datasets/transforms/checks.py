# Copyright (c) mmacnn authors. All rights reserved.
"""Checks of arguments and images that the transforms share."""

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

from mmacnn.utils import InputError


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


def uint8_image(results: dict, transform: str) -> np.ndarray:
    """Return ``results['img']`` if it is ``(H, W, 3)`` uint8.

    Raises:
        InputError: If it is anything else.
    """
    image = results['img']
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise InputError(
            f'{transform}: {results.get("img_path", "the image")} has shape '
            f'{image.shape} and type {image.dtype}, expected (H, W, 3) uint8'
        )
    return image
