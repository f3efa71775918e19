# Copyright (c) mmacnn authors. All rights reserved.
"""Maps in logits, drawn on one scale that is the same for every image and model."""

import cv2
import matplotlib
import numpy as np

from .drawing import Colour, as_canvas, load_font

LIMIT = 30.0  # Logits at the ends of the scale.
TICKS = (-30, -10, -3, -1, 0, 1, 3, 10, 30)
BAR, TICK_SPACE, TICK_SIZE = 10, 18, 13  # Pixels.


def map_level(logits: np.ndarray) -> np.ndarray:
    """Place on the scale, -1 to 1: linear near 0, logarithmic beyond, 0 stays 0."""
    level = np.sign(logits) * np.log1p(np.abs(logits)) / np.log1p(LIMIT)
    return level.clip(-1, 1)


def _colours(level: np.ndarray) -> np.ndarray:
    return matplotlib.colormaps['coolwarm']((level + 1) / 2)[..., :3] * 255


def overlay_map(image: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Tint an image red where a map speaks for the class, blue where against it.

    Args:
        image: (H, W, 3) uint8 RGB.
        logits: (h, w), covering the image edge to edge.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    level = cv2.resize(map_level(logits), image.shape[1::-1])
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    strength = 0.85 * np.sqrt(np.abs(level))[..., None]
    mixed = grey + (_colours(level) - grey) * strength
    return mixed.round().astype(np.uint8)


def colour_bar(width: int, background: Colour, text: Colour) -> np.ndarray:
    """The scale of :func:`overlay_map`, with its numbers below.

    Args:
        width: Width in pixels.
        background: RGB.
        text: RGB.

    Returns:
        (h, width, 3) uint8 RGB.
    """
    bar = np.full((BAR + TICK_SPACE, width, 3), background, np.uint8)
    margin = 2 * TICK_SIZE
    scale = np.linspace(-1, 1, width - 2 * margin)
    bar[:BAR, margin : width - margin] = _colours(scale).round()
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


def outline(image: np.ndarray, mask: np.ndarray, colour: Colour) -> np.ndarray:
    """Draw the edge of a mask just outside of it.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (h, w), on where not zero, covering the image edge to edge.
        colour: RGB.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    binary = (np.asarray(mask) != 0).astype(np.uint8)
    binary = cv2.resize(binary, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    # Dark rims for any background, as round boxes.
    near, line = (cv2.dilate(binary, np.ones((n, n), np.uint8)) for n in (3, 7))
    wide = cv2.dilate(binary, np.ones((9, 9), np.uint8))
    drawn = image.copy()
    drawn[(wide > binary)] = 0
    drawn[(line > near)] = colour
    return drawn
