# Copyright (c) mmacnn authors. All rights reserved.
"""Images whose sharpness or brightness is far from that of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LIMIT = 3.5  # Standard deviations, estimated from the median (Iglewicz and Hoaglin).
TO_SIGMA = 1.4826  # Of a normal distribution, times the median absolute deviation.
FEWEST = 8  # Images; among fewer none is an outlier.
LEAST_SHARPNESS = 1e-3  # An image without any structure has 0, which has no logarithm.
# What spread all images have, so that equal ones make no outliers of all others.
LEAST_OCTAVES, LEAST_BRIGHTNESS = 0.1, 0.005


@dataclass(frozen=True)
class Outlier:
    """One image that differs.

    Args:
        index: Its place among the images.
        what: 'unsharp', 'unusually sharp', 'dark' or 'bright'.
        value: Its sharpness or brightness.
        median: That of all images.
        distance: From the median in standard deviations.
    """

    index: int
    what: str
    value: float
    median: float
    distance: float


def find_outliers(
    sharpness: Sequence[float], brightness: Sequence[float]
) -> list[Outlier]:
    """Find images that are farther than 3.5 standard deviations from the median.

    The standard deviation is 1.4826 times the median absolute deviation. Sharpness
    is compared in octaves.

    Args:
        sharpness: Variance of the Laplacian of each image.
        brightness: Mean grey level of each image, a fraction of the range.

    Returns:
        The outliers, the farthest of each kind first.
    """
    octaves = np.log2(np.maximum(sharpness, LEAST_SHARPNESS))
    found = []
    for values, shown, least, names in (
        (octaves, sharpness, LEAST_OCTAVES, ('unsharp', 'unusually sharp')),
        (brightness, brightness, LEAST_BRIGHTNESS, ('dark', 'bright')),
    ):
        distances = robust_distances(np.asarray(values, float), least)
        middle = float(np.median(shown)) if len(shown) else 0.0
        for sign, name in zip((-1, 1), names, strict=True):
            order = np.argsort(-sign * distances, kind='stable')
            found += [
                Outlier(int(i), name, float(shown[i]), middle, float(distances[i]))
                for i in order
                if sign * distances[i] > LIMIT
            ]
    return found


def robust_distances(values: np.ndarray, least: float) -> np.ndarray:
    """Signed distances from the median, in standard deviations.

    Args:
        values: (N,) numbers; below 8 of them the distances are 0.
        least: Smallest median absolute deviation.
    """
    if len(values) < FEWEST:
        return np.zeros(len(values))
    rest = values - np.median(values)
    return rest / (TO_SIGMA * max(np.median(np.abs(rest)), least))
