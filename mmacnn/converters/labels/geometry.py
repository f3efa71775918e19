# Copyright (c) mmacnn authors. All rights reserved.
"""Shapes of labelling tools as polygons and boxes, in pixels."""

import math

from .annotations import Box, Outline

CIRCLE_POINTS = 36


def turned_box(
    centre: tuple[float, float], sides: tuple[float, float], angle: float
) -> list[float]:
    """Corners ``[x0, y0, ...]`` of a turned box.

    Args:
        centre: x and y in pixels.
        sides: Width and height in pixels.
        angle: Radians, clockwise as seen in the image.
    """
    (cx, cy), (w, h) = centre, sides
    cos, sin = math.cos(angle), math.sin(angle)
    corners = ((-w, -h), (w, -h), (w, h), (-w, h))
    return [
        value
        for x, y in corners
        for value in (cx + (x * cos - y * sin) / 2, cy + (x * sin + y * cos) / 2)
    ]


def ellipse(
    centre: tuple[float, float], radii: tuple[float, float], angle: float = 0.0
) -> list[float]:
    """Points ``[x0, y0, ...]`` on an ellipse, turned clockwise by radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    points = []
    for number in range(CIRCLE_POINTS):
        turn = 2 * math.pi * number / CIRCLE_POINTS
        x, y = radii[0] * math.cos(turn), radii[1] * math.sin(turn)
        points += [centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos]
    return points


def box_of(polygon: list[float]) -> Box:
    """The box round ``[x0, y0, ...]``."""
    xs, ys = polygon[::2], polygon[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def is_rectangle(polygon: list[float]) -> bool:
    """Whether ``[x0, y0, ...]`` are the corners of a rectangle, turned or not."""
    if len(polygon) != 8:
        return False
    x, y = polygon[::2], polygon[1::2]
    sides = [math.hypot(x[k] - x[k - 1], y[k] - y[k - 1]) for k in range(4)]
    slack = max(1.5, 0.02 * max(sides))
    # The diagonals of a rectangle halve each other and are of one length.
    middles = (x[0] + x[2] - x[1] - x[3]) / 2, (y[0] + y[2] - y[1] - y[3]) / 2
    diagonals = [math.hypot(x[k] - x[k + 2], y[k] - y[k + 2]) for k in (0, 1)]
    is_box = math.hypot(*middles) <= slack and abs(diagonals[0] - diagonals[1]) <= slack
    return is_box and min(sides) >= 1


def oriented_box(outline: Outline | None, size: tuple[int, int]) -> list[float] | None:
    """Corners of an outline that is a turned box, ``[x0, y0, ...]``, else None.

    None also where a corner lies outside of the image.

    Args:
        outline: Of a labelled object.
        size: (height, width) of the image in pixels.
    """
    if not isinstance(outline, list) or len(outline) != 1:
        return None
    if not is_rectangle(outline[0]):
        return None
    x, y = outline[0][::2], outline[0][1::2]
    is_upright = min(abs(x[1] - x[0]), abs(y[1] - y[0])) < 1
    inside = min(x + y) >= 0 and max(x) <= size[1] and max(y) <= size[0]
    return outline[0] if inside and not is_upright else None
