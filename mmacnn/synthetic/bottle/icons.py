# Copyright (c) mmacnn authors. All rights reserved.
"""Signs that stand beside the print of a package, as uint8 ink masks."""

import cv2
import numpy as np

from .text import Typeface, paste, render_text

_FRACTION_BITS = 4


def _fixed(points):
    """Points in pixels to OpenCV's fixed-point coordinates."""
    return np.round(np.asarray(points, np.float64) * 2**_FRACTION_BITS).astype(np.int32)


def draw_jar(height, caption, thickness):
    """The open jar that says how long a product keeps after opening.

    Args:
        height (float): height of the sign, pixels.
        caption (str): such as ``12M``.
        thickness (int): stroke width, pixels.

    Returns:
        np.ndarray: uint8 ink mask of shape about (height, 0.65 * height).
    """
    width = 0.62 * height
    mask = np.zeros((round(height + 4), round(width + 4)), np.uint8)
    left, right, rim, foot = 3.0, width, 0.42 * height, 0.93 * height
    middle, depth = (left + right) / 2, 0.08 * height

    def ellipse(y, start, end):
        centre, axes = _fixed((middle, y)), _fixed(((right - left) / 2, depth))
        cv2.ellipse(
            mask, centre.tolist(), axes.tolist(), 0, start, end, 255, thickness,
            cv2.LINE_AA, _FRACTION_BITS,
        )  # fmt: skip

    ellipse(rim, 0, 360)
    ellipse(foot, 0, 180)
    sides = [[(left, rim), (left, foot)], [(right, rim), (right, foot)]]
    lid = [
        (left, 0.22 * height),
        (0.88 * right, 0.02 * height),
        (right, 0.07 * height),
        (right, 0.12 * height),
        (left + 0.06 * width, 0.33 * height),
        (left, 0.3 * height),
        (left, 0.22 * height),
        (0.9 * right, 0.1 * height),
    ]
    lines = [_fixed(line) for line in [*sides, lid]]
    cv2.polylines(mask, lines, False, 255, thickness, cv2.LINE_AA, _FRACTION_BITS)
    text = render_text(caption, 0.22 * height, Typeface(condensing=0.7))
    paste(mask, text, round(middle - text.shape[1] / 2), round(0.49 * height))
    return mask


def draw_recycling_triangle(size, caption, thickness):
    """Three arrows chasing each other round a caption.

    Args:
        size (float): side of the sign, pixels.
        caption (str): the material.
        thickness (int): width of the arrows, pixels.

    Returns:
        np.ndarray: uint8 ink mask of shape (round(size), round(size)).
    """
    mask = np.zeros((round(size), round(size)), np.uint8)
    centre = np.array([0.5 * size, 0.56 * size])
    corners = [
        centre + 0.48 * size * np.array([np.sin(a), -np.cos(a)])
        for a in np.deg2rad([0, 120, 240])
    ]
    for i in range(3):
        start, end = corners[i], corners[(i + 1) % 3]
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]])
        tail, neck = start + 0.14 * size * along, start + 0.5 * size * along
        cv2.polylines(
            mask, [_fixed([start + 0.06 * size * across, tail, neck])], False, 255,
            thickness, cv2.LINE_AA, _FRACTION_BITS,
        )  # fmt: skip
        head = [
            neck + 0.09 * size * across,
            neck + 0.17 * size * along,
            neck - 0.09 * size * across,
        ]
        cv2.fillPoly(mask, [_fixed(head)], 255, cv2.LINE_AA, _FRACTION_BITS)
    text = render_text(caption, 0.13 * size, Typeface(condensing=0.65))
    x, y = centre - (text.shape[1] / 2, 0.14 * size)
    paste(mask, text, round(x), round(y))
    return mask


def draw_matrix_code(size, rng):
    """A two-dimensional code of random modules with three finder squares.

    Args:
        size (float): side, pixels.
        rng (np.random.Generator): source of the modules.

    Returns:
        np.ndarray: uint8 ink mask of shape (round(size), round(size)).
    """
    modules = (rng.random((21, 21)) < 0.5).astype(np.uint8) * 255
    for y, x in ((0, 0), (0, 14), (14, 0)):
        modules[y : y + 7, x : x + 7] = 255
        modules[y + 1 : y + 6, x + 1 : x + 6] = 0
        modules[y + 2 : y + 5, x + 2 : x + 5] = 255
    side = round(size)
    return cv2.resize(modules, (side, side), interpolation=cv2.INTER_NEAREST)
