# Copyright (c) mmacnn authors. All rights reserved.
"""Defect maps and regions, drawn on one scale that all images and models share."""

import cv2
import numpy as np

from mmacnn.ops import connected_regions

from .drawing import Colour, as_canvas, load_font

LIMIT = 10.0  # Distance from the threshold at the ends of the scale.
BEND = 4.0  # The scale is linear up to about 1 / BEND, logarithmic beyond.
TICKS = (-10, -3, -1, 0, 1, 3, 10)
ABOVE, BELOW = (225, 30, 40), (40, 90, 200)
# The tint starts with a step, so that the threshold is an edge in the picture.
STEP, STRONGEST, STRONGEST_BELOW = 0.3, 0.85, 0.4
BAR, TICK_SPACE, TICK_SIZE = 10, 18, 13  # Pixels.
LINE, RIM, FILL = 2, 1, 0.2  # Pixels, pixels, and the opacity of a region's fill.


def map_level(values: np.ndarray) -> np.ndarray:
    """Place on the scale, -1 to 1, of distances from the threshold; 0 stays 0.

    It is ``log1p(4 |value|)`` with the sign of the value, 1 at 10: a log ratio or a
    logit of 1 is at 0.43.
    """
    level = np.sign(values) * np.log1p(BEND * np.abs(values)) / np.log1p(BEND * LIMIT)
    return level.clip(-1, 1)


def _tint(grey: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Mix grey (h, w, 3) with the colours of levels (h, w); rounded, uint8."""
    level = level[..., None]
    strength = np.where(
        level > 0, STEP + (STRONGEST - STEP) * level, -STRONGEST_BELOW * level
    )
    colour = np.where(level > 0, np.float64(ABOVE), np.float64(BELOW))
    return (grey + (colour - grey) * strength).round().astype(np.uint8)


def overlay_map(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Tint an image red where a map is above its threshold, blue where below.

    Args:
        image: (H, W, 3) uint8 RGB.
        values: (h, w), the map minus its threshold, over the image edge to edge.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    level = cv2.resize(map_level(values), image.shape[1::-1])
    return _tint(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], level)


def colour_bar(width: int, background: Colour, text: Colour) -> np.ndarray:
    """The scale of :func:`overlay_map` on grey, with its numbers below.

    Args:
        width: Width in pixels, 240 or more for the numbers to stand apart.
        background: RGB.
        text: RGB.

    Returns:
        (h, width, 3) uint8 RGB.
    """
    bar = np.full((BAR + TICK_SPACE, width, 3), background, np.uint8)
    margin = 2 * TICK_SIZE
    scale = np.linspace(-1, 1, width - 2 * margin)[None]
    grey = np.full((*scale.shape, 3), 128)
    bar[:BAR, margin : width - margin] = _tint(grey, scale)
    canvas, draw = as_canvas(bar)
    for tick in TICKS:
        level = map_level(np.float64(tick))
        x = margin + (level + 1) / 2 * (width - 2 * margin - 1)
        font = load_font(TICK_SIZE)
        middle = BAR + TICK_SPACE // 2
        draw.text(
            (x, middle),
            f'{tick:+d}' if tick else '0',
            fill=text,
            font=font,
            anchor='mm',
        )
    return np.asarray(canvas)


def fill(image: np.ndarray, mask: np.ndarray, colour: Colour) -> np.ndarray:
    """Tint a mask lightly, which tells inside from outside.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (h, w), on where not zero, covering the image edge to edge.
        colour: RGB.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    drawn = image.copy()
    on = _at_size(mask, image.shape[:2]) != 0
    drawn[on] = (drawn[on] * (1 - FILL) + np.array(colour) * FILL).round()
    return drawn


def outline(image: np.ndarray, mask: np.ndarray, colour: Colour) -> np.ndarray:
    """Draw the outer edge of each connected part of a mask, just outside of it.

    A hole has no line, for it is not marked. No part is lost: one that is smaller than
    a pixel of the image keeps a pixel, and where a part ends with the image, the line
    runs inside it.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (h, w), on where not zero, covering the image edge to edge.
        colour: RGB.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    drawn = image.copy()
    marked = _at_size(mask, image.shape[:2])
    if not marked.any():
        return drawn
    for part in _without_holes(marked):
        _draw_edge(drawn, part, colour)
    return drawn


def _without_holes(marked: np.ndarray) -> list[np.ndarray]:
    """The parts with their holes filled; those that lie in holes of others apart."""
    contours, tree = cv2.findContours(marked, cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    levels: dict[int, list[np.ndarray]] = {}
    for contour, (_, _, _, parent) in zip(contours, tree[0], strict=True):
        depth = 0
        while parent >= 0:
            depth, parent = depth + 1, tree[0][parent][3]
        if depth % 2 == 0:  # the others are edges of holes
            levels.setdefault(depth, []).append(contour)
    return [
        cv2.drawContours(np.zeros_like(marked), level, -1, 1, cv2.FILLED)
        for level in levels.values()
    ]


def _draw_edge(drawn: np.ndarray, part: np.ndarray, colour: Colour) -> None:
    """Draw the line, with dark rims for any background, as round boxes."""
    near, line, wide = (
        _grow(part, reach) for reach in (RIM, RIM + LINE, 2 * RIM + LINE)
    )
    drawn[wide > part] = 0
    drawn[line > near] = colour
    # Where a part ends with the image, no line fits outside.
    cut = part & _frame(part.shape, 1)
    drawn[(_grow(cut, LINE) & part) > 0] = 0
    joined = _grow(cut, RIM + LINE) & line  # to the line outside
    drawn[(joined & _frame(part.shape, LINE)) > 0] = colour


def _frame(size: tuple[int, int], width: int) -> np.ndarray:
    """Ones along the border of an image, uint8."""
    frame = np.ones(size, np.uint8)
    frame[width:-width, width:-width] = 0
    return frame


def _grow(mask: np.ndarray, reach: int) -> np.ndarray:
    return cv2.dilate(mask, np.ones((2 * reach + 1,) * 2, np.uint8))


def _at_size(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask at another size, uint8 of 0 and 1; each connected part keeps a pixel."""
    mask = np.asarray(mask) != 0
    scaled = cv2.resize(
        mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST
    )
    if mask.shape[0] <= size[0] and mask.shape[1] <= size[1]:
        return scaled
    regions = connected_regions(mask)
    scale = np.tile(np.divide(size[::-1], mask.shape[::-1]), 2)
    for box in regions.boxes * scale:
        left, top = np.floor(box[:2]).astype(int)
        right, bottom = np.ceil(box[2:]).astype(int)
        if not scaled[top:bottom, left:right].any():
            scaled[(top + bottom) // 2, (left + right) // 2] = 1
    return scaled
