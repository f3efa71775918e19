# Copyright (c) mmacnn authors. All rights reserved.
"""Several regions of one image, each with its name."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from PIL import ImageDraw

from mmacnn.utils.text import printable

from .drawing import LONGEST, Colour, as_canvas, fit, load_font
from .map_overlay import outline

PICTURE_SIZE = (800, 1000)  # Space for the picture, (h, w) in pixels.
FONT_SIZE, PADDING = 16, 4  # Pixels.
TINT = 0.3


def draw_region_names(
    image: np.ndarray, masks: Sequence[np.ndarray], names: Sequence[str]
) -> np.ndarray:
    """Outline each region in a colour of its own and write its name on it.

    Args:
        image: (H, W, 3) uint8 RGB.
        masks (Sequence[np.ndarray]): Each (H, W), not 0 on the region.
        names: What to write.

    Returns:
        (h, w, 3) uint8 RGB, scaled to just fit into 800x1000 pixels.
    """
    palette = matplotlib.colormaps['tab10'].colors
    picture = fit(image, *PICTURE_SIZE)
    scale = picture.shape[0] / image.shape[0]
    colours, places = [], []
    for i, mask in enumerate(masks):
        colour = tuple(round(255 * value) for value in palette[i % len(palette)])
        area = fit(
            np.repeat(255 * (mask != 0).astype(np.uint8)[..., None], 3, 2),
            *PICTURE_SIZE,
        )
        weight = TINT * area / 255
        picture = (picture * (1 - weight) + np.array(colour) * weight).astype(np.uint8)
        picture = outline(picture, mask, colour)
        rows, columns = np.nonzero(mask)
        colours.append(colour)
        places.append((columns.mean() * scale, rows.mean() * scale))
    canvas, draw = as_canvas(picture)
    occupied: list[tuple[int, int, int, int]] = []
    for name, colour, place in zip(names, colours, places, strict=True):
        occupied.append(_write_name(draw, name, colour, place, canvas.size, occupied))
    return np.asarray(canvas)


def _write_name(
    draw: ImageDraw.ImageDraw,
    name: str,
    colour: Colour,
    place: tuple[float, float],
    size: tuple[int, int],
    occupied: Sequence[tuple[int, int, int, int]],
) -> tuple[int, int, int, int]:
    """Write a name at a place, or below names that are there; return its box."""
    font = load_font(FONT_SIZE)
    name = printable(name)[:LONGEST]
    width = round(font.getlength(name)) + 2 * PADDING
    height = FONT_SIZE + 2 * PADDING
    left = round(min(max(0, place[0] - width / 2), max(0, size[0] - width)))
    top = round(min(max(0, place[1] - height / 2), size[1] - height))
    for other in sorted(occupied, key=lambda box: box[1]):
        overlaps = left < other[2] and left + width > other[0]
        if overlaps and top < other[3] and top + height > other[1]:
            top = other[3]
    box = (left, top, left + width, top + height)
    draw.rectangle(box, fill=(0, 0, 0), outline=colour, width=2)
    middle = (left + PADDING, top + height / 2)
    draw.text(middle, name, fill=(255, 255, 255), font=font, anchor='lm')
    return box
