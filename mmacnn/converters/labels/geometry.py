# Copyright (c) mmacnn authors. All rights reserved.
"""Shapes of labelling tools as polygons and boxes, in pixels."""

import math

from .annotations import Box

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
